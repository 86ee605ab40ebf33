// A grammar for libFuzzer: client frames, mutated as frames. Octets changed blindly nearly always
// break a header, and then nothing behind it is read; here most inputs stay frames that are whole,
// and one rule is broken at a time.
#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace {

struct Frame {
  std::uint8_t first = 0x81;  // FIN, RSV, opcode
  bool masked = true;
  std::string payload;
};

constexpr std::string_view kMask = "\x12\x34\x56\x78";

std::string masked(std::string text) {
  for (std::size_t i = 0; i < text.size(); ++i) text[i] ^= kMask[i % kMask.size()];
  return text;
}

/// What can be read as frames; the rest becomes one more's payload.
std::vector<Frame> parse(const std::uint8_t* data, std::size_t size) {
  std::vector<Frame> frames;
  std::size_t at = 0;
  while (size - at >= 2) {
    Frame frame{.first = data[at], .masked = (data[at + 1] & 0x80) != 0, .payload = {}};
    std::size_t length = data[at + 1] & 0x7F;
    at += 2;
    for (std::size_t more = length == 126 ? 2 : length == 127 ? 8 : 0, i = 0; i < more; ++i) {
      if (i == 0) length = 0;
      length = length << 8 | (at < size ? data[at++] : 0);
    }
    if (frame.masked) at = std::min(size, at + kMask.size());
    length = std::min(length, size - at);
    frame.payload = masked(std::string(reinterpret_cast<const char*>(data) + at, length));
    at += length;
    frames.push_back(std::move(frame));
  }
  return frames;
}

std::string encode(const Frame& frame) {
  const std::size_t size = frame.payload.size();
  const unsigned mask_bit = frame.masked ? 0x80 : 0;
  std::string out(1, static_cast<char>(frame.first));
  if (size < 126) {
    out += static_cast<char>(mask_bit | size);
  } else if (size <= 0xFFFF) {
    out += static_cast<char>(mask_bit | 126);
    for (const int shift : {8, 0}) out += static_cast<char>(size >> shift & 0xFF);
  } else {
    out += static_cast<char>(mask_bit | 127);
    for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(size >> shift & 0xFF);
  }
  if (frame.masked) out += kMask;
  return out + (frame.masked ? masked(frame.payload) : frame.payload);
}

void mutate(std::vector<Frame>& frames, std::minstd_rand& random) {
  const std::size_t at = random() % frames.size();
  Frame& frame = frames[at];
  switch (random() % 8) {
    case 0:
      frames.insert(frames.begin() + static_cast<std::ptrdiff_t>(at), Frame(frame));
      return;
    case 1:
      if (frames.size() > 1) frames.erase(frames.begin() + static_cast<std::ptrdiff_t>(at));
      return;
    case 2:
      std::swap(frame, frames[random() % frames.size()]);
      return;
    case 3:
      frame.first ^= static_cast<std::uint8_t>(1U << random() % 8);
      return;
    case 4: {  // in two fragments
      Frame rest{
          .first = static_cast<std::uint8_t>(frame.first & 0x80), .masked = true, .payload = {}};
      rest.payload = frame.payload.substr(frame.payload.size() / 2);
      frame.payload.resize(frame.payload.size() / 2);
      frame.first &= 0x7F;
      frames.insert(frames.begin() + static_cast<std::ptrdiff_t>(at) + 1, std::move(rest));
      return;
    }
    case 5:
      frame.masked = random() % 8 != 0;
      return;
    default: {
      std::vector<std::uint8_t> text(frame.payload.begin(), frame.payload.end());
      const std::size_t size = text.size();
      text.resize(size + 64);
      text.resize(LLVMFuzzerMutate(text.data(), size, text.size()));
      frame.payload.assign(text.begin(), text.end());
    }
  }
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed) {
  std::minstd_rand random(seed);
  if (random() % 4 == 0) return LLVMFuzzerMutate(data, size, max_size);
  std::vector<Frame> frames = parse(data, size);
  if (frames.empty()) frames.emplace_back();
  for (unsigned turns = 1 + random() % 3; turns > 0; --turns) mutate(frames, random);
  std::string out;
  for (const Frame& frame : frames) out += encode(frame);
  if (out.empty() || out.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
  std::ranges::copy(out, data);
  return out.size();
}
