#include "gateway/limit_rules.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

namespace outcry::gateway {
namespace {

/// A worker's share of what one address may have over all workers: the kernel spreads connections
/// by a hash, so an even share would be reached too soon. Four standard deviations are not, but
/// for one address in thirty thousand.
double share_of(std::size_t all, std::size_t workers) {
  if (workers <= 1) return static_cast<double>(all);
  const double even = static_cast<double>(all) / static_cast<double>(workers);
  return std::min(static_cast<double>(all), std::ceil(even + 4 * std::sqrt(even)));
}

limits::Rate rate_of(std::size_t per_second, std::size_t at_once) {
  return {static_cast<double>(per_second), static_cast<double>(at_once)};
}

/// What all workers keep to themselves, and the part by which control hears too late of it, are a
/// quarter of the burst. One worker has nobody to agree with.
std::uint32_t told_part(std::size_t burst, std::size_t workers) {
  if (workers <= 1) return std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(std::max<std::size_t>(burst / (4 * (workers + 1)), 1));
}

limits::OffenceRules offences_of(const config::LimitsConfig& config, std::size_t delay_at,
                                 std::size_t ban_at) {
  return {.delay_at = static_cast<std::uint32_t>(delay_at),
          .ban_at = static_cast<std::uint32_t>(ban_at),
          .forgotten_after = config.failed_join_forgotten,
          .delay = config.failed_join_delay,
          .ban = config.ban,
          .bans_max = config.bans_max};
}

limits::Limits limits_of(const config::LimitsConfig& config, std::size_t workers) {
  return {.dry_run = config.dry_run,
          .user_sockets_max = static_cast<std::uint32_t>(config.user_sockets_max),
          .address_sockets_max = static_cast<std::uint32_t>(config.address_sockets_max),
          .address_connections_max =
              static_cast<std::uint32_t>(share_of(config.address_connections_max, workers)),
          .address_connects = {static_cast<double>(config.address_connects_per_second) /
                                   static_cast<double>(workers),
                               share_of(config.address_connects_burst, workers)},
          .connection_packets =
              rate_of(config.connection_packets_per_second, config.connection_packets_burst),
          .connection_bytes =
              rate_of(config.connection_bytes_per_second, config.connection_bytes_burst),
          .user_packets = rate_of(config.user_packets_per_second, config.user_packets_burst),
          .user_bytes = rate_of(config.user_bytes_per_second, config.user_bytes_burst),
          .user_joins = rate_of(config.user_joins_per_second, config.user_joins_burst),
          .user_offences = offences_of(config, config.user_failed_joins_delay_at,
                                       config.user_failed_joins_ban_at),
          .address_offences = offences_of(config, config.address_failed_joins_delay_at,
                                          config.address_failed_joins_ban_at)};
}

}  // namespace

LimitRules::LimitRules(const config::LimitsConfig& config, const limits::KeyHash& key_hash,
                       std::size_t workers)
    : limits(limits_of(config, workers)),
      user_rates{limits.user_packets, limits.user_bytes, limits.user_joins},
      ipv6_prefix_bits(static_cast<unsigned>(config.ipv6_prefix_bits)),
      hash(key_hash) {
  const std::array bursts{config.user_packets_burst, config.user_bytes_burst,
                          config.user_joins_burst};
  for (std::size_t i = 0; i < kUserRates; ++i) told_after[i] = told_part(bursts[i], workers);
  for (const std::string& text : config.exempt_addresses) {
    if (const auto range = net::IpRange::parse(text)) exempt_addresses.push_back(*range);
  }
}

net::IpNetwork LimitRules::network_of(const net::IpAddress& address) const noexcept {
  if (net::contains(exempt_addresses, address)) return {};
  return any_network_of(address);
}

limits::Key LimitRules::key_of(net::IpNetwork network) const noexcept {
  if (network.is_nobody()) return limits::kNobody;
  const std::uint64_t word = network.word();
  return hash(std::as_bytes(std::span(&word, 1)));
}

}  // namespace outcry::gateway
