// Input is read as lines: text packets, or attachments where a line starts with '#'.
// Whatever decodes must decode to itself again, and its slices must lie in the input.
#include <cstdlib>

#include "base/json_text.h"
#include "protocol/socketio/packet_reader.h"

namespace socketio = outcry::socketio;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const socketio::PacketLimits limits{.attachments_max = 3, .attachment_bytes_max = 64};
  socketio::PacketReader reader;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    const auto packet = line.starts_with('#')
                            ? reader.binary(outcry::as_bytes(line.substr(1)), limits)
                            : reader.text(line, limits);
    if (!packet) break;
    if (!*packet) continue;
    if (!(*packet)->data.empty() && !outcry::json::validate((*packet)->data)) std::abort();
    if ((*packet)->is_event() && socketio::event_name(**packet).size() > size) std::abort();
    if ((*packet)->attachments.size() != (*packet)->attachment_count) std::abort();
  }
  return 0;
}
