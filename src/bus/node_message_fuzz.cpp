// Whatever a Node publisher sends on any of its channels, or appends to its stream: what gets
// through must be fit to send to a browser.
#include <cstdint>
#include <string_view>

#include "bus/message_check_for_fuzz.h"
#include "bus/node_message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace outcry;
  constexpr ValueLimits kLimits{.nodes_max = 10'000, .bytes_max = 100'000, .depth_max = 60};
  static bus::NodeMessageDecoder decoder({.prefix = "socket.io", .own_uid = {}, .limits = kLimits});
  const std::string_view payload(reinterpret_cast<const char*>(data), size);
  for (const std::string_view channel : {"socket.io#/#", "socket.io-request#/#"}) {
    const auto message = decoder.decode(channel, payload);
    if (message && *message) bus::check_message(**message);
  }
  for (const std::string_view type : {"3", "4", "5", "6"}) {
    const auto message = decoder.decode_stream_entry({"u", "/", type, payload});
    if (message && *message) bus::check_message(**message);
  }
  return 0;
}
