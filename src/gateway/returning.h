// gateway/returning.h — what a client says that comes back, and why it can't have what it missed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace outcry::gateway {

/// From the CONNECT packet: `{"pid":…,"offset":…}`.
struct Returning {
  std::string pid;
  std::string offset;  // empty: it has none
  std::string user;    // whom the token names now
};

/// Reasons of `resync_required`: the client's state is to be loaded anew.
enum class Resync : std::uint8_t {
  none,
  expired,      // the socket isn't known: away for too long, another server, or somebody else's
  position,     // it is, but not how far it had come
  too_old,      // what it missed is gone, or is too much
  forbidden,    // a room isn't his any more
  unavailable,  // whoever must be asked about his rooms doesn't answer
};

inline constexpr std::size_t kResyncCount = 6;

/// On the wire.
[[nodiscard]] std::string_view name_of(Resync reason) noexcept;

}  // namespace outcry::gateway
