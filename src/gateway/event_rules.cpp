#include "gateway/event_rules.h"

#include "base/json_text.h"

namespace outcry::gateway {
namespace {

/// The text of the rule's member, quotes and all; empty if the event has none.
std::string_view key_value(const EventRule& rule, std::string_view arguments) {
  if (rule.key_member.empty() || !arguments.starts_with('{')) return {};
  const auto end = json::scan_value(arguments, 0);
  if (!end) return {};
  return json::member(arguments.substr(0, *end), rule.key_member).value_or(std::string_view());
}

std::uint64_t mixed(std::uint64_t hash, std::uint64_t next) {
  return (hash ^ next) * 0x9E3779B97F4A7C15u;  // 2^64 / golden ratio: spreads every bit upwards
}

}  // namespace

EventRules::EventRules(const EventsConfig& config) {
  for (const auto& [event, names] : config.aliases) rules_[event].aliases = names;
  for (const std::string& event : config.snapshot) rules_[event].snapshot = true;
  for (const std::string& event : config.latest) {
    rules_[event].delivery_class = transport::DeliveryClass::latest;
  }
  for (const std::string& event : config.volatile_events) {
    rules_[event].delivery_class = transport::DeliveryClass::volatile_;
  }
  for (const auto& [event, member] : config.keys) rules_[event].key_member = member;
}

const EventRule& EventRules::of(std::string_view event) const {
  const auto found = rules_.find(event);
  return found == rules_.end() ? others_ : found->second;
}

std::uint64_t conflation_key(const EventRule& rule, std::uint64_t audience_key,
                             std::string_view event, std::string_view arguments) {
  const std::hash<std::string_view> hash;
  std::uint64_t key = mixed(audience_key, hash(event));
  key = mixed(key ^ (key >> 32), hash(key_value(rule, arguments)));
  return key == 0 ? 1 : key;
}

}  // namespace outcry::gateway
