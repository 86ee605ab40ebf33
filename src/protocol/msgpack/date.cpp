#include "protocol/msgpack/date.h"

#include <chrono>

#include <fmt/format.h>

namespace outcry::msgpack {

std::optional<std::string> iso_date(std::int64_t unix_ms) {
  constexpr std::int64_t kRangeMs = 8'640'000'000'000'000;
  if (unix_ms < -kRangeMs || unix_ms > kRangeMs) return std::nullopt;
  const std::chrono::sys_time<std::chrono::milliseconds> moment{std::chrono::milliseconds(unix_ms)};
  const auto midnight = std::chrono::floor<std::chrono::days>(moment);
  // std::chrono::year ends at 32767; the calendar repeats each 400 years, so shift by those.
  constexpr std::int64_t kDaysPer400Years = 146'097;
  const std::int64_t days = midnight.time_since_epoch().count();
  const std::int64_t cycles = days / kDaysPer400Years;
  const auto within = std::chrono::days(static_cast<int>(days % kDaysPer400Years));
  const std::chrono::year_month_day date{std::chrono::sys_days(within)};
  const std::int64_t year = static_cast<int>(date.year()) + 400 * cycles;

  const std::chrono::hh_mm_ss time(moment - midnight);
  const bool common = year >= 0 && year <= 9999;
  return fmt::format("{}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
                     common ? fmt::format("{:04}", year) : fmt::format("{:+07}", year),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     time.hours().count(), time.minutes().count(), time.seconds().count(),
                     time.subseconds().count());
}

}  // namespace outcry::msgpack
