// A grammar for libFuzzer: pickles, mutated opcode by opcode. Octets changed blindly fall into a
// length, and the decoder stops there; here an operand keeps the length that it says it has, most
// of the time.
#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace {

struct Op {
  char code = 'N';
  std::string operand;  // without its length, where it has one
};

/// Octets of the length before an operand; 0: it has none.
unsigned length_width(char code) {
  switch (static_cast<std::uint8_t>(code)) {
    case 'C':
    case 0x8a:
    case 0x8c:
      return 1;
    case 'B':
    case 'X':
    case 0x8b:
      return 4;
    case 0x8d:
    case 0x8e:
    case 0x96:
      return 8;
    default:
      return 0;
  }
}
std::size_t fixed_width(char code) {
  switch (static_cast<std::uint8_t>(code)) {
    case 'K':
    case 'h':
    case 'q':
    case 0x80:
      return 1;
    case 'M':
      return 2;
    case 'J':
    case 'j':
    case 'r':
      return 4;
    case 'G':
    case 0x95:
      return 8;
    default:
      return 0;
  }
}

std::vector<Op> parse(std::string_view in) {
  std::vector<Op> ops;
  while (!in.empty()) {
    Op op{.code = in.front(), .operand = {}};
    in.remove_prefix(1);
    std::size_t size = fixed_width(op.code);
    const unsigned width = length_width(op.code);
    for (unsigned i = 0; i < width && !in.empty(); ++i, in.remove_prefix(1)) {
      if (i < 4) size |= static_cast<std::size_t>(static_cast<std::uint8_t>(in.front())) << 8 * i;
    }
    size = std::min(size, in.size());
    op.operand = in.substr(0, size);
    in.remove_prefix(size);
    ops.push_back(std::move(op));
  }
  return ops;
}

void append(std::string& out, const Op& op) {
  out += op.code;
  for (unsigned i = 0; i < length_width(op.code); ++i) {
    out += static_cast<char>(i < 8 ? op.operand.size() >> 8 * i & 0xFF : 0);
  }
  out += op.operand;
}

void mutate(std::vector<Op>& ops, std::minstd_rand& random) {
  // Every opcode that the decoder knows, and three that it must refuse.
  constexpr std::string_view kCodes =
      "().BCGJKMNX]aehjqrstu}\x80\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x94\x95\x96"
      "cR\x93";
  const std::size_t at = random() % ops.size();
  const auto place = ops.begin() + static_cast<std::ptrdiff_t>(at);
  switch (random() % 6) {
    case 0:
      ops.insert(place, Op(*place));
      return;
    case 1:
      if (ops.size() > 1) ops.erase(place);
      return;
    case 2:
      std::swap(*place, ops[random() % ops.size()]);
      return;
    case 3: {
      Op made{.code = kCodes[random() % kCodes.size()], .operand = {}};
      made.operand.assign(fixed_width(made.code), static_cast<char>(random()));
      ops.insert(place, std::move(made));
      return;
    }
    case 4:
      place->code = kCodes[random() % kCodes.size()];
      return;
    default: {
      std::vector<std::uint8_t> text(place->operand.begin(), place->operand.end());
      const std::size_t size = text.size();
      text.resize(size + 32);
      text.resize(LLVMFuzzerMutate(text.data(), size, text.size()));
      place->operand.assign(text.begin(), text.end());
    }
  }
}

}  // namespace

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t max_size, unsigned seed) {
  std::minstd_rand random(seed);
  if (random() % 4 == 0) return LLVMFuzzerMutate(data, size, max_size);
  std::vector<Op> ops = parse({reinterpret_cast<const char*>(data), size});
  if (ops.empty()) ops.emplace_back();
  for (unsigned turns = 1 + random() % 3; turns > 0; --turns) mutate(ops, random);
  std::string out;
  for (const Op& op : ops) append(out, op);
  if (out.empty() || out.size() > max_size) return LLVMFuzzerMutate(data, size, max_size);
  std::ranges::copy(out, data);
  return out.size();
}
