// A payload read packet by packet must give what decoding each of its parts alone gives.
#include <cstdlib>

#include "protocol/engineio/packet.h"

namespace engineio = outcry::engineio;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  engineio::PayloadReader reader(rest);
  while (!reader.done()) {
    const auto packet = reader.next();
    const std::size_t end = rest.find(engineio::kSeparator);
    std::string scratch;
    const auto alone = engineio::decode_packet(rest.substr(0, end), scratch);
    if (packet && (!alone || alone->text != packet->text || alone->type != packet->type)) {
      std::abort();
    }
    if (!packet) break;
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return 0;
}
