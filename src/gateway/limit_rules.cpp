#include "gateway/limit_rules.h"

#include <span>

namespace outcry::gateway {
namespace {

limits::Limits limits_of(const LimitsConfig& config) {
  return {.dry_run = config.dry_run,
          .user_sockets_max = static_cast<std::uint32_t>(config.user_sockets_max),
          .address_sockets_max = static_cast<std::uint32_t>(config.address_sockets_max)};
}

}  // namespace

LimitRules::LimitRules(const LimitsConfig& config, const limits::KeyHash& key_hash)
    : limits(limits_of(config)),
      ipv6_prefix_bits(static_cast<unsigned>(config.ipv6_prefix_bits)),
      hash(key_hash) {
  for (const std::string& text : config.exempt_addresses) {
    if (const auto range = net::IpRange::parse(text)) exempt_addresses.push_back(*range);
  }
}

limits::Key LimitRules::address_key(const net::IpAddress& address) const noexcept {
  if (net::contains(exempt_addresses, address)) return limits::kNobody;
  auto bytes = address.bytes();
  for (unsigned bit = ipv6_prefix_bits; bit < 128 && !address.is_v4(); ++bit) {
    bytes[bit / 8] &= static_cast<std::uint8_t>(~(0x80u >> bit % 8));
  }
  return hash(std::as_bytes(std::span(bytes)));
}

}  // namespace outcry::gateway
