#include "gateway/returning.h"

namespace outcry::gateway {

std::string_view name_of(Resync reason) noexcept {
  switch (reason) {
    case Resync::none:
      break;
    case Resync::expired:
      return "expired";
    case Resync::position:
      return "position";
    case Resync::too_old:
      return "too_old";
    case Resync::forbidden:
      return "forbidden";
    case Resync::unavailable:
      return "unavailable";
  }
  return {};
}

}  // namespace outcry::gateway
