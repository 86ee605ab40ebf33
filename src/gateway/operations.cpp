#include "gateway/operations.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/error_enum.h"

namespace outcry::gateway {

std::error_code make_error_code(PublishError error) {
  static constexpr std::array<std::string_view, 7> kNames{
      "no error",
      "the gateway takes no events at the moment",
      "the gateway is overloaded",
      "the namespace is not served here",
      "the event is larger than one message may be",
      "the event has a name that Socket.IO reserves",
      "events whose names begin with outcry: are commands of this server, and this is none"};
  static const TableCategory category("publish", kNames);
  return {static_cast<int>(error), category};
}

std::error_code make_error_code(ReadError error) {
  static constexpr std::array<std::string_view, 6> kNames{
      "no error",
      "the namespace is not served here",
      "the offset is not one of this server's",
      "events that are wanted are gone, or are more than recovery.events_max",
      "no event of this id is kept",
      "the log can't be read at the moment"};
  static const TableCategory category("read", kNames);
  return {static_cast<int>(error), category};
}

std::error_code make_error_code(RevocationError error) {
  static constexpr std::array<std::string_view, 4> kNames{
      "no error", "the gateway is stopping",
      "auth.revocations_max are remembered: the sockets have ended, but the tokens are not refused",
      "auth.age_max_s is 0, so say how long: ttl_s or until is missing"};
  static const TableCategory category("revocation", kNames);
  return {static_cast<int>(error), category};
}

bool Readiness::ready() const noexcept {
  return std::ranges::all_of(checks, &ReadinessCheck::ok);
}

}  // namespace outcry::gateway
