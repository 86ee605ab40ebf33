// transport/turned_away.h — somebody is not let in, and is told when to ask again.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace outcry::transport {

struct TurnedAway {
  int status = 429;  // or 503
  std::chrono::milliseconds retry_after{};
  std::string_view why;  // a sentence, for people; outlives the answer
};

/// "Retry-After: 3\r\n" (RFC 9110 §10.2.3): whole seconds, at least one.
[[nodiscard]] std::string retry_after_line(const TurnedAway& away);
/// A whole response, for one whose request nobody has read. `date`: http::format_date.
[[nodiscard]] std::string unread_answer(const TurnedAway& away, std::string_view date);

}  // namespace outcry::transport
