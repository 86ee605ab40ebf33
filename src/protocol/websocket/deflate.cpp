#include "protocol/websocket/deflate.h"

#include <algorithm>
#include <array>
#include <limits>
#include <new>

#include <zlib.h>

#include "base/assert.h"

namespace outcry::websocket {
namespace {

constexpr int kWindowBitsMax = 15;
constexpr int kWindowBitsMin = 9;  // zlib has no raw window of 8
/// Kept between messages; what a larger one took is given back after it.
constexpr std::size_t kKeptBytesMax = std::size_t{256} * 1024;
constexpr std::size_t kGrowBytes = std::size_t{16} * 1024;
/// The end of a flushed block, which the wire leaves out (§7.2.1).
constexpr std::array<std::byte, 4> kTail = {std::byte{0}, std::byte{0}, std::byte{0xFF},
                                            std::byte{0xFF}};

uInt as_count(std::size_t bytes) {
  return static_cast<uInt>(std::min<std::size_t>(bytes, std::numeric_limits<uInt>::max()));
}

Bytef* as_input(Bytes bytes) {  // zlib doesn't write to it, but its type says otherwise
  return const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
}

}  // namespace

struct Inflater::Stream {
  z_stream z{};
};

Inflater::Inflater() : stream_(std::make_unique<Stream>()) {
  if (inflateInit2(&stream_->z, -kWindowBitsMax) != Z_OK) throw std::bad_alloc();
}

Inflater::~Inflater() {
  inflateEnd(&stream_->z);
}

Result<Bytes> Inflater::inflate(Bytes payload, std::size_t bytes_max) {
  z_stream& z = stream_->z;
  inflateReset(&z);
  if (out_.size() > kKeptBytesMax) out_ = std::string();
  std::size_t size = 0;
  // Some senders make nothing of an empty message instead of the one byte that §7.2.3.6 asks for.
  const bool is_empty = payload.empty();
  for (const Bytes input : {payload, is_empty ? Bytes{} : Bytes(kTail)}) {
    z.next_in = as_input(input);
    z.avail_in = as_count(input.size());
    while (true) {
      // One byte of room beyond the limit tells "just fits" from "too big".
      if (size == out_.size())
        out_.resize(std::min(bytes_max + 1, size + std::max(size, kGrowBytes)));
      z.next_out = reinterpret_cast<Bytef*>(out_.data()) + size;
      z.avail_out = as_count(std::min(out_.size(), bytes_max + 1) - size);
      const uInt room = z.avail_out;
      const int status = ::inflate(&z, Z_SYNC_FLUSH);
      size += room - z.avail_out;
      if (size > bytes_max) return fail(WebSocketError::message_too_big);
      if (status == Z_STREAM_END && z.avail_in > 0) {
        inflateReset(&z);  // a final block isn't the message's end (§7.2.3.5)
        continue;
      }
      if (status != Z_OK && status != Z_BUF_ERROR && status != Z_STREAM_END) {
        return fail(WebSocketError::invalid_deflate);
      }
      if (z.avail_out > 0) break;  // all of the input is used up
    }
  }
  // zlib tells by these bits that it stands behind a block, on a byte boundary: the tail did end
  // the stream, and nothing of it was taken for data.
  constexpr int kBehindBlock = 128;
  constexpr int kLastBlockAndBitsLeft = 64 | 7;
  if (!is_empty && (z.data_type & (kBehindBlock | kLastBlockAndBitsLeft)) != kBehindBlock) {
    return fail(WebSocketError::invalid_deflate);
  }
  return as_bytes(std::string_view(out_).substr(0, size));
}

struct Deflater::Stream {
  z_stream z{};
};

Deflater::Deflater(int window_bits, int level) : stream_(std::make_unique<Stream>()) {
  OUTCRY_ASSERT(window_bits >= kWindowBitsMin && window_bits <= kWindowBitsMax);
  constexpr int kMemoryLevel = 8;  // zlib's default
  const int status =
      deflateInit2(&stream_->z, level, Z_DEFLATED, -window_bits, kMemoryLevel, Z_DEFAULT_STRATEGY);
  if (status != Z_OK) throw std::bad_alloc();
}

Deflater::~Deflater() {
  deflateEnd(&stream_->z);
}

void Deflater::deflate(std::string_view message, std::string& out) {
  if (message.empty()) return out.push_back('\0');  // §7.2.3.6
  z_stream& z = stream_->z;
  deflateReset(&z);
  const Bytes input = as_bytes(message);
  z.next_in = as_input(input);
  z.avail_in = as_count(input.size());
  OUTCRY_ASSERT(z.avail_in == input.size());
  constexpr std::size_t kFlushBytes = 16;  // an empty block more than deflateBound counts
  const std::size_t start = out.size();
  const std::size_t room = deflateBound(&z, static_cast<uLong>(input.size())) + kFlushBytes;
  out.resize(start + room);
  z.next_out = reinterpret_cast<Bytef*>(out.data()) + start;
  z.avail_out = as_count(room);
  const int status = ::deflate(&z, Z_SYNC_FLUSH);
  OUTCRY_ASSERT(status == Z_OK && z.avail_in == 0 && z.avail_out > 0);
  out.resize(start + room - z.avail_out - kTail.size());
}

}  // namespace outcry::websocket
