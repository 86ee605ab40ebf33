// gateway/limit_rules.h — [limits] ready for use, and who is who to them.
//
// Immutable and shared by all threads; a reload makes another one with the same KeyHash, so that
// what was counted under a key is still found.
#pragma once

#include <string_view>
#include <vector>

#include "gateway/config.h"
#include "limits/key_hash.h"
#include "limits/limits.h"
#include "net/ip_address.h"
#include "net/ip_range.h"

namespace outcry::gateway {

struct LimitRules {
  /// `config` has passed config_problems().
  LimitRules(const LimitsConfig& config, const limits::KeyHash& key_hash);

  [[nodiscard]] limits::Key user_key(std::string_view user) const noexcept { return hash(user); }
  /// kNobody for an exempt one. Of IPv6 the network alone counts, for its owner has all of it.
  [[nodiscard]] limits::Key address_key(const net::IpAddress& address) const noexcept;

  limits::Limits limits;
  std::vector<net::IpRange> exempt_addresses;
  unsigned ipv6_prefix_bits;
  limits::KeyHash hash;
};

}  // namespace outcry::gateway
