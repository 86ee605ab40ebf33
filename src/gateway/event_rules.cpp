#include "gateway/event_rules.h"

#include <algorithm>

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

Durability durability_of(std::string_view mode) {
  if (mode == "before_delivery") return Durability::before_delivery;
  return mode == "async" ? Durability::later : Durability::no;
}

}  // namespace

EventRules::EventRules(const config::EventsConfig& config, const config::EventlogConfig& log) {
  for (const auto& [event, names] : config.aliases) rules_[event].aliases = names;
  for (const std::string& event : config.snapshot) rules_[event].snapshot = true;
  for (const std::string& event : config.acknowledge) rules_[event].acknowledge = true;
  for (const std::string& event : config.receipts) rules_[event].receipts = true;
  for (const std::string& event : config.latest) {
    rules_[event].delivery_class = transport::DeliveryClass::latest;
    rules_[event].snapshot = true;
  }
  for (const std::string& event : config.volatile_events) {
    rules_[event].delivery_class = transport::DeliveryClass::volatile_;
  }
  for (const auto& [event, member] : config.keys) rules_[event].key_member = member;
  for (const auto& [event, mode] : log.events) (void)rules_[event];
  if (log.path.empty()) return;
  others_.durability = durability_of(log.must);
  for (auto& [event, rule] : rules_) {
    using Class = transport::DeliveryClass;
    if (rule.delivery_class == Class::volatile_) continue;
    const auto own = log.events.find(event);
    const std::string& mode = own != log.events.end()                ? own->second
                              : rule.delivery_class == Class::latest ? log.latest
                                                                     : log.must;
    rule.durability = durability_of(mode);
  }
}

eventlog::Promise EventRules::promise() const {
  Durability least = others_.durability;
  for (const auto& [event, rule] : rules_) {
    if (rule.delivery_class == transport::DeliveryClass::must) {
      least = std::min(least, rule.durability);
    }
  }
  switch (least) {
    case Durability::before_delivery:
      return eventlog::Promise::always;
    case Durability::later:
      return eventlog::Promise::after_clean_end;
    default:
      return eventlog::Promise::nothing;
  }
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
