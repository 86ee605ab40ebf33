// gateway/limit_rules.h — [limits] ready for use, and who is who to them.
//
// Immutable and shared by all threads; a reload makes another one with the same KeyHash, so that
// what was counted under a key is still found.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "limits/key_hash.h"
#include "limits/limits.h"
#include "net/ip_address.h"
#include "net/ip_network.h"
#include "net/ip_range.h"

namespace outcry::gateway {

/// What a user may do too often, over all workers.
enum UserRate : std::uint8_t { kPackets, kBytes, kJoins };
inline constexpr std::size_t kUserRates = 3;

struct LimitRules {
  /// `config` has passed config_problems(). Of limits that workers apply, each has its share.
  LimitRules(const config::LimitsConfig& config, const limits::KeyHash& key_hash,
             std::size_t workers = 1);

  [[nodiscard]] limits::Key user_key(std::string_view user) const noexcept { return hash(user); }
  /// Nobody for an exempt one. Of IPv6 the network alone counts, for its owner has all of it.
  [[nodiscard]] net::IpNetwork network_of(const net::IpAddress& address) const noexcept;
  /// The same, exempt or not.
  [[nodiscard]] net::IpNetwork any_network_of(const net::IpAddress& address) const noexcept {
    return {address, ipv6_prefix_bits};
  }
  /// kNobody for nobody.
  [[nodiscard]] limits::Key key_of(net::IpNetwork network) const noexcept;
  [[nodiscard]] limits::Key address_key(const net::IpAddress& address) const noexcept {
    return key_of(network_of(address));
  }

  limits::Limits limits;
  std::array<limits::Rate, kUserRates> user_rates;
  /// So many units a worker takes of a user before it tells control; of all workers together a
  /// quarter of his burst.
  std::array<std::uint32_t, kUserRates> told_after{};
  std::vector<net::IpRange> exempt_addresses;
  unsigned ipv6_prefix_bits;
  limits::KeyHash hash;
};

}  // namespace outcry::gateway
