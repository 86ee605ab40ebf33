// net/ip_network.h — whom a limit on addresses means, in one word.
//
//   192.0.2.1                  ─▶ itself
//   2001:db8:1:2:3:4:5:6 (/64) ─▶ 2001:db8:1:2::/64
//
// A customer of IPv6 has a network of at least 64 bits, and all addresses in it. That fits beside
// IPv4 because 0::/32 is no network that anybody has (RFC 4291 §2.5, §4).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/ip_address.h"

namespace outcry::net {

class IpNetwork {
 public:
  static constexpr unsigned kIpv6BitsMax = 64;

  /// Nobody.
  IpNetwork() = default;
  /// `ipv6_bits`: at most kIpv6BitsMax.
  IpNetwork(const IpAddress& address, unsigned ipv6_bits) noexcept;
  /// "192.0.2.1", "2001:db8::1", or with the length of this prefix, "2001:db8::/64".
  [[nodiscard]] static std::optional<IpNetwork> parse(std::string_view text, unsigned ipv6_bits);

  [[nodiscard]] bool is_nobody() const noexcept { return word_ == 0; }
  [[nodiscard]] std::uint64_t word() const noexcept { return word_; }
  /// "192.0.2.1", "2001:db8::/64"; of nobody nothing.
  [[nodiscard]] std::string text(unsigned ipv6_bits) const;
  bool operator==(const IpNetwork&) const = default;

 private:
  std::uint64_t word_ = 0;
};

}  // namespace outcry::net
