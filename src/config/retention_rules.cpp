#include "config/retention_rules.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

namespace outcry::config {
namespace {

using eventlog::Retention;

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};
constexpr std::array kAgeUnits{Unit{"s", 1}, Unit{"m", 60}, Unit{"h", 3'600}, Unit{"d", 86'400}};
constexpr std::array kByteUnits{Unit{"", 1}, Unit{"kb", 1 << 10}, Unit{"mb", 1 << 20},
                                Unit{"gb", 1 << 30}};
constexpr std::array kNoUnits{Unit{"", 1}};
constexpr std::uint64_t kAgeMax = 100ULL * 365 * 86'400;

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(' ');
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

std::optional<std::uint64_t> parse_amount(std::string_view text, std::span<const Unit> units) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end == text.data()) return std::nullopt;
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  const auto found = std::ranges::find(units, unit, &Unit::name);
  if (found == units.end()) return std::nullopt;
  if (number > std::numeric_limits<std::uint64_t>::max() / found->factor) return std::nullopt;
  return number * found->factor;
}

/// One of "age 7d", "events 1000", "bytes 64mb".
bool apply(std::string_view part, Retention& out) {
  const auto space = part.find(' ');
  if (space == std::string_view::npos) return false;
  const std::string_view what = part.substr(0, space);
  const std::string_view amount = trimmed(part.substr(space));
  if (what == "age") {
    const auto seconds = parse_amount(amount, kAgeUnits);
    if (!seconds || *seconds > kAgeMax) return false;
    out.age_max = std::chrono::seconds(*seconds);
    return true;
  }
  if (what != "events" && what != "bytes") return false;
  const bool is_bytes = what == "bytes";
  const auto number = is_bytes ? parse_amount(amount, kByteUnits) : parse_amount(amount, kNoUnits);
  if (!number) return false;
  (is_bytes ? out.bytes_max : out.events_max) = *number;
  return true;
}

}  // namespace

std::optional<Retention> parse_retention(std::string_view text, const Retention& defaults) {
  Retention out = defaults;
  while (true) {
    const auto comma = text.find(',');
    if (!apply(trimmed(text.substr(0, comma)), out)) return std::nullopt;
    if (comma == std::string_view::npos) return out;
    text.remove_prefix(comma + 1);
  }
}

RetentionRules::RetentionRules(const EventlogConfig& config)
    : rules_{{.events_max = config.events_max,
              .bytes_max = config.bytes_max,
              .age_max = config.age_max}} {
  for (const auto& [room, text] : config.rooms) {
    const auto brace = room.find('{');
    names_.push_back({.literal = room.substr(0, brace),
                      .is_prefix = brace != std::string::npos,
                      .rule = static_cast<std::uint8_t>(rules_.size())});
    rules_.push_back(parse_retention(text, rules_.front()).value());
  }
  std::ranges::sort(names_, [](const Name& a, const Name& b) {
    if (a.literal.size() != b.literal.size()) return a.literal.size() > b.literal.size();
    return a.rule < b.rule;
  });
}

std::uint8_t RetentionRules::rule_of(std::string_view room) const {
  for (const Name& name : names_) {
    if (name.is_prefix ? room.starts_with(name.literal) : room == name.literal) return name.rule;
  }
  return 0;
}

}  // namespace outcry::config
