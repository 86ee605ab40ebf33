// net/ip_range.h — addresses that begin with the same bits: "10.0.0.0/8", "2001:db8::/32", or one.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "net/ip_address.h"

namespace outcry::net {

class IpRange {
 public:
  /// CIDR, or an address alone. An IPv4 range counts its bits in IPv4. nullopt if the text is
  /// neither, or has bits set behind its prefix: whoever wrote it meant something else.
  [[nodiscard]] static std::optional<IpRange> parse(std::string_view text);

  [[nodiscard]] bool contains(const IpAddress& address) const noexcept;
  bool operator==(const IpRange&) const = default;

 private:
  IpRange(const IpAddress& first, unsigned bits) noexcept : first_(first), bits_(bits) {}

  IpAddress first_;
  unsigned bits_;  // of 128
};

[[nodiscard]] bool contains(std::span<const IpRange> ranges, const IpAddress& address) noexcept;

}  // namespace outcry::net
