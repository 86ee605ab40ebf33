// A client's bytes read in one piece, byte by byte and in pieces of three give the same events and
// the same error.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "protocol/websocket/deflate.h"
#include "protocol/websocket/message_reader.h"

namespace {

using namespace outcry;

constexpr std::size_t kMessageBytesMax = 2000;

std::string read_all(Bytes bytes, std::size_t piece_bytes, bool deflate) {
  static websocket::Inflater inflater;
  std::string seen;
  websocket::MessageReader reader(
      {.message_bytes_max = kMessageBytesMax, .fragments_max = 8, .deflate = deflate});
  while (!bytes.empty()) {
    const std::size_t count = std::min(piece_bytes, bytes.size());
    std::vector<std::byte> piece(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
    bytes = bytes.subspan(count);
    std::span<std::byte> in = piece;
    while (true) {
      const Result<websocket::Event> event = reader.next(in, inflater);
      if (!event) return seen + event.error().message();
      if (event->kind == websocket::EventKind::need_more) break;
      if (event->payload.size() > kMessageBytesMax) std::abort();
      seen += fmt::format("{} {} {}\n", static_cast<int>(event->kind), event->close_code,
                          event->text());
    }
    if (!in.empty()) std::abort();
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Bytes bytes = std::as_bytes(std::span(data, size));
  for (const bool deflate : {false, true}) {
    const std::string whole = read_all(bytes, std::max<std::size_t>(size, 1), deflate);
    for (const std::size_t piece_bytes : {1UL, 3UL}) {
      if (read_all(bytes, piece_bytes, deflate) != whole) std::abort();
    }
  }
  return 0;
}
