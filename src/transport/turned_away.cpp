#include "transport/turned_away.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "protocol/http/response.h"

namespace outcry::transport {
namespace {

std::string seconds_of(std::chrono::milliseconds time) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(time).count();
  return std::to_string(std::max<std::chrono::seconds::rep>(seconds, 1));
}

}  // namespace

std::string retry_after_line(const TurnedAway& away) {
  return fmt::format("Retry-After: {}\r\n", seconds_of(away.retry_after));
}

std::string unread_answer(const TurnedAway& away, std::string_view date) {
  const std::string retry_after = seconds_of(away.retry_after);
  const std::array fields = {http::HeaderField{"Retry-After", retry_after}};
  std::string out;
  http::append_response(out,
                        {.status = away.status,
                         .content_type = "text/plain; charset=UTF-8",
                         .keep_alive = false,
                         .date = date,
                         .fields = fields},
                        away.why);
  return out;
}

}  // namespace outcry::transport
