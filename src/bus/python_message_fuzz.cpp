// Whatever a Python publisher sends: what gets through must be fit to send to a browser.
#include <cstdint>
#include <string_view>

#include "bus/message_check_for_fuzz.h"
#include "bus/python_message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace outcry;
  constexpr ValueLimits kLimits{.nodes_max = 10'000, .bytes_max = 100'000, .depth_max = 60};
  static bus::PythonMessageDecoder current({.own_host_id = {}, .limits = kLimits});
  static bus::PythonMessageDecoder legacy(
      {.json_legacy_args = true, .own_host_id = {}, .limits = kLimits});
  const std::string_view payload(reinterpret_cast<const char*>(data), size);
  for (bus::PythonMessageDecoder* decoder : {&current, &legacy}) {
    const auto message = decoder->decode(payload);
    if (message && *message) bus::check_message(**message);
  }
  return 0;
}
