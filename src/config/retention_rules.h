// config/retention_rules.h — how long the events of a room are kept, by the room's name.
//
//   eventlog.rooms = { "challenge_{id}" = "age 7d, events 100000", "symbol_{id}" = "age 10m" }
//
//   challenge_7 -> rule 1      symbol_EURUSD -> rule 2      anything else -> rule 0, the defaults
//
// Immutable. Thread: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "eventlog/stored.h"

namespace outcry::config {

/// "age 7d, events 1000, bytes 64mb": what isn't named is as in `defaults`. Units of age: s, m, h,
/// d; of bytes: none, kb, mb, gb (powers of 1024). nullopt if the text is anything else.
[[nodiscard]] std::optional<eventlog::Retention> parse_retention(
    std::string_view text, const eventlog::Retention& defaults);

class RetentionRules {
 public:
  /// The configuration must have been checked.
  explicit RetentionRules(const EventlogConfig& config);

  /// Index into rules(): the rule with the longest name that fits.
  [[nodiscard]] std::uint8_t rule_of(std::string_view room) const;
  [[nodiscard]] const std::vector<eventlog::Retention>& rules() const noexcept { return rules_; }

 private:
  struct Name {
    std::string literal;
    bool is_prefix = false;
    std::uint8_t rule = 0;
  };
  std::vector<eventlog::Retention> rules_;
  std::vector<Name> names_;  // the longest first
};

}  // namespace outcry::config
