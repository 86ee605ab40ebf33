// gateway/event_rules.h — what the configuration says of an event, found by its name once.
//
//   equity_updated  ->  latest, keyed by nothing but its room; snapshot; also EQUITY_UPDATED
//   quote           ->  latest, keyed by "symbol"
//   anything else   ->  must
//
// Immutable. Thread: any.
#pragma once

#include <string>
#include <string_view>

#include <boost/unordered/unordered_flat_map.hpp>

#include "base/by_text.h"
#include "gateway/config.h"
#include "transport/delivery.h"

namespace outcry::gateway {

struct EventRule {
  transport::DeliveryClass delivery_class = transport::DeliveryClass::must;
  // Member of the first argument whose value tells the events of one room apart; empty: none.
  std::string key_member;
  bool snapshot = false;  // its newest is kept for who joins later
  Strings aliases;
};

class EventRules {
 public:
  explicit EventRules(const EventsConfig& config);

  [[nodiscard]] const EventRule& of(std::string_view event) const;

 private:
  boost::unordered_flat_map<std::string, EventRule, HashByText<>, SameText<>> rules_;
  const EventRule others_;
};

/// The key under which events of `rule` supersede each other: of one audience (`audience_key`), one
/// name, and one value of the rule's member in `arguments`. A hash of 64 bits: among the few
/// thousand keys that wait for one client a collision is not to be expected. Never 0.
[[nodiscard]] std::uint64_t conflation_key(const EventRule& rule, std::uint64_t audience_key,
                                           std::string_view event, std::string_view arguments);

}  // namespace outcry::gateway
