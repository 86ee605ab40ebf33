// Any bytes: what is certain of a beginning stays so with more behind it, and a header never takes
// more than there is.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "protocol/proxy/proxy_header.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace proxy = outcry::proxy;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto whole = proxy::read_proxy_header(bytes);
  if (whole && *whole && (*whole)->bytes > size) std::abort();
  for (std::size_t torn = 0; torn < size; ++torn) {
    const auto begun = proxy::read_proxy_header(bytes.substr(0, torn));
    if (!begun) {
      if (whole || whole.error() != begun.error()) std::abort();
      break;
    }
    if (!*begun) continue;
    if (!whole || !*whole || (*whole)->bytes != (*begun)->bytes) std::abort();
    if ((*whole)->client != (*begun)->client) std::abort();
    break;
  }
  if (size > proxy::kHeaderBytesMax && whole && !*whole) std::abort();  // it would wait for ever
  return 0;
}
