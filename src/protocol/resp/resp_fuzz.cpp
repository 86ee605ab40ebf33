// Whole or byte by byte, the decoder must find the same replies and end the same way.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "protocol/resp/reply_decoder.h"

namespace {

using namespace outcry::resp;

void describe(ReplyView reply, std::string& out) {
  out += static_cast<char>('0' + static_cast<int>(reply.kind()));
  out += reply.text();
  out += std::to_string(reply.integer());
  for (std::size_t i = 0; i < reply.size(); ++i) describe(reply[i], out);
  out += ';';
}

std::string decode_all(std::string_view bytes, std::size_t step) {
  ReplyDecoder decoder({.elements_max = 64, .reply_bytes_max = 4096, .buffered_bytes_max = 65'536});
  std::string out;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    if (decoder.feed(bytes.substr(at, step))) return out + "!";
    while (true) {
      const auto reply = decoder.next();
      if (!reply) return out + "!";
      if (!*reply) break;
      describe((*reply)->view(), out);
    }
  }
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 65'536) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (decode_all(bytes, size) != decode_all(bytes, 1)) std::abort();
  return 0;
}
