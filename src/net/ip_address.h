// net/ip_address.h — who is at the other end: one value for both families.
//
// IPv4 is held as IPv6 holds it (RFC 4291 §2.5.5.2), so a listener on [::] and one on 0.0.0.0 know
// a client by the same address, and limits see one address for one client.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

struct sockaddr_storage;

namespace outcry::net {

class IpAddress {
 public:
  IpAddress() = default;
  /// AF_INET and AF_INET6 only; any other family is the unspecified address.
  explicit IpAddress(const sockaddr_storage& storage) noexcept;
  /// In the order of the network, IPv4 as ::ffff:a.b.c.d.
  explicit IpAddress(const std::array<std::uint8_t, 16>& bytes) noexcept : bytes_(bytes) {}
  /// "192.0.2.1", "2001:db8::1" or "::ffff:192.0.2.1"; without brackets, port or zone.
  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);

  [[nodiscard]] const std::array<std::uint8_t, 16>& bytes() const noexcept { return bytes_; }
  [[nodiscard]] bool is_v4() const noexcept;
  /// 127.0.0.0/8 or ::1: this machine itself.
  [[nodiscard]] bool is_loopback() const noexcept;
  /// "192.0.2.1" or "2001:db8::1".
  [[nodiscard]] std::string text() const;
  auto operator<=>(const IpAddress&) const = default;

 private:
  std::array<std::uint8_t, 16> bytes_{};
};

}  // namespace outcry::net
