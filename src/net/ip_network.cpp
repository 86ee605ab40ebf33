#include "net/ip_network.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace outcry::net {
namespace {

constexpr std::uint64_t kIpv4 = std::uint64_t{1} << 32;
constexpr std::size_t kIpv4At = 12;  // in an address of IPv6

std::uint64_t big_endian(const std::uint8_t* bytes, std::size_t count) noexcept {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < count; ++i) out = out << 8 | bytes[i];
  return out;
}

}  // namespace

IpNetwork::IpNetwork(const IpAddress& address, unsigned ipv6_bits) noexcept {
  const auto& bytes = address.bytes();
  if (address.is_v4()) {
    word_ = kIpv4 | big_endian(bytes.data() + kIpv4At, bytes.size() - kIpv4At);
  } else {
    const unsigned behind = kIpv6BitsMax - std::min(ipv6_bits, kIpv6BitsMax);
    word_ = behind == kIpv6BitsMax ? 0 : big_endian(bytes.data(), 8) >> behind << behind;
  }
}

std::optional<IpNetwork> IpNetwork::parse(std::string_view text, unsigned ipv6_bits) {
  const std::size_t slash = text.find('/');
  const auto address = IpAddress::parse(text.substr(0, slash));
  if (!address) return std::nullopt;
  const bool has_length = slash != std::string_view::npos;
  if (has_length && (address->is_v4() || text.substr(slash + 1) != std::to_string(ipv6_bits))) {
    return std::nullopt;
  }
  return IpNetwork(*address, ipv6_bits);
}

std::string IpNetwork::text(unsigned ipv6_bits) const {
  if (is_nobody()) return {};
  const bool is_v4 = word_ >> 32 == 1;
  std::array<std::uint8_t, 16> bytes{};
  if (is_v4) bytes[10] = bytes[11] = 0xFF;
  for (std::size_t i = 0; i < (is_v4 ? 4u : 8u); ++i) {
    const unsigned shift = static_cast<unsigned>((is_v4 ? 24 : 56) - 8 * i);
    bytes[(is_v4 ? kIpv4At : 0) + i] = static_cast<std::uint8_t>(word_ >> shift);
  }
  const std::string address = IpAddress(bytes).text();
  return is_v4 ? address : address + '/' + std::to_string(ipv6_bits);
}

}  // namespace outcry::net
