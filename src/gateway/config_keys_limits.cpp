#include <array>

#include "gateway/config_key_tables.h"
#include "limits/count_table.h"

namespace outcry::gateway {
namespace {

using L = LimitsConfig;

constexpr std::array kLimitsKeys{
    ConfigKey{"limits", "dry_run", &member<&Config::limits, &L::dry_run>,
              "Count what the limits of this section would refuse, and refuse nothing."},
    ConfigKey{"limits", "exempt_addresses", &member<&Config::limits, &L::exempt_addresses>,
              "Addresses that the limits on addresses don't hold for: \"192.0.2.1\", "
              "\"10.0.0.0/8\", \"2001:db8::/32\". Limits on users hold for everybody.",
              "", 0, 256},
    ConfigKey{"limits", "ipv6_prefix_bits", &member<&Config::limits, &L::ipv6_prefix_bits>,
              "Addresses of IPv6 that agree in so many bits count as one: a customer is given at "
              "least a network of 64.",
              "bits", 16, 128},
    ConfigKey{"limits", "user_sockets_max", &member<&Config::limits, &L::user_sockets_max>,
              "Sockets that one user may have connected, over all workers; a further CONNECT is "
              "refused with `user_limit`.",
              "sockets", 1, limits::CountTable::kCountMax},
    ConfigKey{"limits", "address_sockets_max", &member<&Config::limits, &L::address_sockets_max>,
              "The same for one address; `address_limit`. Many users may share one: an office, a "
              "mobile network.",
              "sockets", 1, limits::CountTable::kCountMax},
};

}  // namespace

std::span<const ConfigKey> limits_keys() {
  return kLimitsKeys;
}

}  // namespace outcry::gateway
