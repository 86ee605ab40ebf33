#include "load/inflate.h"

#include <array>
#include <cstddef>

#include <zlib.h>

#include "base/assert.h"

namespace outcry::bench {
namespace {

constexpr int kRawLargestWindow = -15;
constexpr std::size_t kMessageBytesMax = std::size_t{1} << 20;
// What the sender removed from the end (§7.2.1 step 2).
constexpr std::string_view kTail("\x00\x00\xFF\xFF", 4);

}  // namespace

struct Inflater::Stream {
  Stream() { OUTCRY_ASSERT(inflateInit2(&z, kRawLargestWindow) == Z_OK); }
  ~Stream() { inflateEnd(&z); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  /// Appends what `in` inflates to. False for garbage and for too much.
  bool add(std::string_view in, std::string& out) {
    std::array<char, 16'384> chunk;
    z.next_in =
        const_cast<Bytef*>(reinterpret_cast<const Bytef*>(in.data()));  // zlib only reads it
    z.avail_in = static_cast<uInt>(in.size());
    do {
      z.next_out = reinterpret_cast<Bytef*>(chunk.data());
      z.avail_out = chunk.size();
      const int result = ::inflate(&z, Z_SYNC_FLUSH);
      if (result != Z_OK && result != Z_BUF_ERROR && result != Z_STREAM_END) return false;
      out.append(chunk.data(), chunk.size() - z.avail_out);
      if (out.size() > kMessageBytesMax) return false;
    } while (z.avail_out == 0);
    return z.avail_in == 0;
  }

  z_stream z{};
};

Inflater::Inflater() : stream_(std::make_unique<Stream>()) {}
Inflater::~Inflater() = default;

const std::string* Inflater::inflate(std::string_view payload) {
  out_.clear();
  inflateReset(&stream_->z);
  if (!stream_->add(payload, out_) || !stream_->add(kTail, out_)) return nullptr;
  ++stats_.compressed;
  stats_.wire_bytes += payload.size();
  stats_.bytes += out_.size();
  return &out_;
}

void Inflater::count_plain(std::string_view payload) noexcept {
  ++stats_.plain;
  stats_.wire_bytes += payload.size();
  stats_.bytes += payload.size();
}

}  // namespace outcry::bench
