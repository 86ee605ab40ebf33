// gateway/event_rules.h — what the configuration says of an event, found by its name once.
//
//   equity_updated  ->  latest, keyed by nothing but its room; snapshot; also EQUITY_UPDATED
//   quote           ->  latest, keyed by "symbol"
//   anything else   ->  must
//
// Immutable. Thread: any.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/unordered/unordered_flat_map.hpp>

#include "base/by_text.h"
#include "config/config.h"
#include "eventlog/stored.h"
#include "transport/delivery.h"

namespace outcry::gateway {

/// When an event is written to the log.
enum class Durability : std::uint8_t { no, later, before_delivery };

struct EventRule {
  transport::DeliveryClass delivery_class = transport::DeliveryClass::must;
  // Member of the first argument whose value tells the events of one room apart; empty: none.
  std::string key_member;
  bool snapshot = false;     // its newest is kept for who joins later; true of `latest` ones
  bool acknowledge = false;  // each client is asked to
  bool receipts = false;     // and that it has, is kept
  Durability durability = Durability::no;
  config::Strings aliases;
};

class EventRules {
 public:
  EventRules(const config::EventsConfig& events, const config::EventlogConfig& log);

  [[nodiscard]] const EventRule& of(std::string_view event) const;
  /// What `must` events keep after a crash: the least that any of them does.
  [[nodiscard]] eventlog::Promise promise() const;

 private:
  boost::unordered_flat_map<std::string, EventRule, HashByText<>, SameText<>> rules_;
  EventRule others_;
};

/// The key under which events of `rule` supersede each other, and their newest is kept: of one
/// audience (`audience_key`), one name, and one value of the rule's member in `arguments`. A hash
/// of 64 bits: among the few thousand keys that wait for one client a collision is not to be
/// expected. Never 0.
[[nodiscard]] std::uint64_t conflation_key(const EventRule& rule, std::uint64_t audience_key,
                                           std::string_view event, std::string_view arguments);

}  // namespace outcry::gateway
