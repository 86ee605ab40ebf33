// Whatever is offered, an agreement names a window that we can deflate with, and what we answer
// would itself be a valid offer for the same window.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "protocol/websocket/deflate.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace outcry;
  const auto agreed = websocket::negotiate_deflate({reinterpret_cast<const char*>(data), size});
  if (!agreed || !*agreed) return 0;
  const int bits = (*agreed)->server_max_window_bits;
  if (bits < 9 || bits > 15) std::abort();
  const auto again = websocket::negotiate_deflate((*agreed)->response);
  if (!again || !*again || (*again)->response != (*agreed)->response) std::abort();
  return 0;
}
