// store/access.h — "may this user into this room?", for every policy that has to be asked about.
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"

namespace outcry::store {

/// Who is asked.
enum class Policy : std::uint8_t {
  owner,      // the store: does the user own the object?
  http,       // the back end
  http_open,  // the same; where it doesn't answer, the user is let in
};
inline constexpr std::size_t kPolicyCount = 3;

struct AccessQuestion {
  Policy policy = Policy::owner;
  std::string object;  // owner: the object's id; http: the room's key (rooms::Room::key())
  std::string user;

  auto operator<=>(const AccessQuestion&) const = default;
};

struct Access {
  bool allowed = false;
  /// How long the answer may be remembered; absent: as its policy says.
  std::optional<std::chrono::milliseconds> lifetime;
};

/// Called exactly once, and must not throw. An error is never a yes.
using AccessDone = std::move_only_function<void(Result<Access>)>;
/// Whoever knows. Calls `done` later, never before it returns.
using AccessSource = std::move_only_function<void(AccessQuestion, AccessDone)>;

}  // namespace outcry::store
