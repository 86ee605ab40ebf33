#include <array>

#include "config/key_tables.h"
#include "limits/count_table.h"

namespace outcry::config {
namespace {

using L = LimitsConfig;

constexpr std::uint64_t kHourMs = 3'600'000;
constexpr std::uint64_t kRateMax = 50'000;
constexpr std::uint64_t kBurstMax = 10'000'000;
constexpr std::uint64_t kBytesRateMax = 67'108'864;
constexpr std::uint64_t kBytesBurstMax = 1'073'741'824;
constexpr std::uint64_t kScoreMax = 1'000'000;

constexpr std::array kLimitsKeys{
    reloadable({"limits", "dry_run", &member<&Config::limits, &L::dry_run>,
                "Count what the limits of this section would refuse, and refuse nothing."}),
    reloadable({"limits", "exempt_addresses", &member<&Config::limits, &L::exempt_addresses>,
                "Addresses that the limits on addresses don't hold for: \"192.0.2.1\", "
                "\"10.0.0.0/8\", \"2001:db8::/32\". Limits on users hold for everybody.",
                "", 0, 256}),
    ConfigKey{"limits", "ipv6_prefix_bits", &member<&Config::limits, &L::ipv6_prefix_bits>,
              "Addresses of IPv6 that agree in so many bits count as one: a customer is given at "
              "least a network of 64.",
              "bits", 16, 64},
    reloadable({"limits", "user_sockets_max", &member<&Config::limits, &L::user_sockets_max>,
                "Sockets that one user may have connected, over all workers; a further CONNECT is "
                "refused with `user_limit`.",
                "sockets", 1, limits::CountTable::kCountMax}),
    reloadable({"limits", "address_sockets_max", &member<&Config::limits, &L::address_sockets_max>,
                "The same for one address; `address_limit`. Many users may share one: an office, a "
                "mobile network.",
                "sockets", 1, limits::CountTable::kCountMax}),
    reloadable(
        {"limits", "address_connections_max", &member<&Config::limits, &L::address_connections_max>,
         "TCP connections that one address may have open; each worker holds it to its share, "
         "and some more, for the kernel spreads them by chance. A further one is answered 429 "
         "and closed. Trusted proxies are not counted.",
         "connections", 1, limits::CountTable::kCountMax}),
    reloadable(
        {"limits", "address_connects_per_second",
         &member<&Config::limits, &L::address_connects_per_second>,
         "Sessions that one address may open in a second, on and on; further ones are answered "
         "429 with Retry-After. Of TCP connections, that a browser needs several of, four times "
         "as many. Each worker holds it to its share. 0: no limit.",
         "connects", 0, kRateMax}),
    reloadable({"limits", "address_connects_burst",
                &member<&Config::limits, &L::address_connects_burst>,
                "And so many at once, as when an office comes back after a restart.", "connects", 1,
                kBurstMax}),
    reloadable(
        {"limits", "connection_packets_per_second",
         &member<&Config::limits, &L::connection_packets_per_second>,
         "Packets that one connection may send in a second, on and on. Events over it are "
         "refused with `rate_limited`; who goes on until the burst is exceeded as far again is "
         "disconnected (`4430`). 0: no limit.",
         "packets", 0, kRateMax}),
    reloadable({"limits", "connection_packets_burst",
                &member<&Config::limits, &L::connection_packets_burst>, "And so many at once.",
                "packets", 1, kBurstMax}),
    reloadable({"limits", "connection_bytes_per_second",
                &member<&Config::limits, &L::connection_bytes_per_second>,
                "The same for the bytes that it sends.", "bytes", 0, kBytesRateMax}),
    reloadable(
        {"limits", "connection_bytes_burst", &member<&Config::limits, &L::connection_bytes_burst>,
         "And so many at once; at least `engine.max_payload_bytes`.", "bytes", 1, kBytesBurstMax}),
    reloadable({"limits", "user_packets_per_second",
                &member<&Config::limits, &L::user_packets_per_second>,
                "Packets that a user may send in a second over all his connections; "
                "further events are refused with `rate_limited`. 0: no limit.",
                "packets", 0, kRateMax}),
    reloadable({"limits", "user_packets_burst", &member<&Config::limits, &L::user_packets_burst>,
                "And so many at once.", "packets", 1, kBurstMax}),
    reloadable({"limits", "user_bytes_per_second",
                &member<&Config::limits, &L::user_bytes_per_second>,
                "The same for the bytes in them.", "bytes", 0, kBytesRateMax}),
    reloadable({"limits", "user_bytes_burst", &member<&Config::limits, &L::user_bytes_burst>,
                "And so many at once; at least `engine.max_payload_bytes`.", "bytes", 1,
                kBytesBurstMax}),
    reloadable({"limits", "user_joins_per_second",
                &member<&Config::limits, &L::user_joins_per_second>,
                "Joins that a user may ask for in a second; further ones are refused "
                "with `rate_limited`. 0: no limit.",
                "joins", 0, kRateMax}),
    reloadable({"limits", "user_joins_burst", &member<&Config::limits, &L::user_joins_burst>,
                "And so many at once.", "joins", 1, kBurstMax}),
    reloadable({"limits", "user_failed_joins_delay_at",
                &member<&Config::limits, &L::user_failed_joins_delay_at>,
                "Joins of a user, over all workers, that were `forbidden` or lacked a grant; of "
                "further ones the refusal comes late.",
                "joins", 1, kScoreMax}),
    reloadable(
        {"limits", "user_failed_joins_ban_at",
         &member<&Config::limits, &L::user_failed_joins_ban_at>,
         "After so many the next one bans him: his sockets are closed (`4403`), and CONNECT is "
         "refused with `banned`.",
         "joins", 1, kScoreMax}),
    reloadable({"limits", "address_failed_joins_delay_at",
                &member<&Config::limits, &L::address_failed_joins_delay_at>,
                "The same for all users of an address together.", "joins", 1, kScoreMax}),
    reloadable({"limits", "address_failed_joins_ban_at",
                &member<&Config::limits, &L::address_failed_joins_ban_at>,
                "The same for an address; sessions from it are answered 429.", "joins", 1,
                kScoreMax}),
    reloadable(
        {"limits", "failed_join_forgotten_ms", &member<&Config::limits, &L::failed_join_forgotten>,
         "After this time without another one a failed join is forgotten, then the one before.",
         "ms", 100, kHourMs}),
    reloadable({"limits", "failed_join_delay_ms", &member<&Config::limits, &L::failed_join_delay>,
                "How late a refusal comes.", "ms", 0, 60'000}),
    reloadable({"limits", "ban_s", &member<&Config::limits, &L::ban>,
                "How long a ban lasts, unless an operator lifts it.", "s", 1, 31 * 86'400}),
    reloadable(
        {"limits", "bans_max", &member<&Config::limits, &L::bans_max>,
         "Bans at once, of users and of addresses each; a further one ends the one that would "
         "end first.",
         "bans", 1, 100'000}),
};

}  // namespace

std::span<const ConfigKey> limits_keys() {
  return kLimitsKeys;
}

}  // namespace outcry::config
