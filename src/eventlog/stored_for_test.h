// eventlog/stored_for_test.h — what tests write into a log.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/clock.h"
#include "eventlog/stored.h"

namespace outcry::eventlog::test {

inline constexpr WallTime kNow{std::chrono::milliseconds(1'795'000'000'000)};

inline StoredEvent event(std::uint64_t number, std::string room = "challenge_7") {
  return {.number = number,
          .at = kNow,
          .namespace_name = "/",
          .rooms = {std::move(room)},
          .event = "risk_alert",
          .arguments = fmt::format(R"({{"n":{}}})", number),
          .id = fmt::format("id-{}", number)};
}

inline StoredValue value(std::uint64_t key) {
  return {.namespace_name = "/",
          .room = "symbol_1",
          .event = "quote",
          .key = key,
          .at = kNow,
          .packet = fmt::format(R"(42["quote",{{"n":{}}}])", key)};
}

inline std::vector<std::uint64_t> numbers(const std::vector<StoredEvent>& events) {
  std::vector<std::uint64_t> out;
  for (const StoredEvent& one : events) out.push_back(one.number);
  return out;
}

}  // namespace outcry::eventlog::test
