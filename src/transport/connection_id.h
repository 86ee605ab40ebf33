// transport/connection_id.h — names a connection for as long as it is there.
#pragma once

#include <compare>
#include <cstdint>

namespace outcry::transport {

struct ConnectionId {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;
  [[nodiscard]] bool valid() const noexcept { return generation != 0; }
  auto operator<=>(const ConnectionId&) const = default;
};

}  // namespace outcry::transport
