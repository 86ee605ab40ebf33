#include "net/ip_range.h"

#include <algorithm>
#include <charconv>

namespace outcry::net {
namespace {

constexpr unsigned kBits = 128;
constexpr unsigned kV4Bits = 32;

/// The address with only its first `bits`.
IpAddress masked(const IpAddress& address, unsigned bits) noexcept {
  auto bytes = address.bytes();
  for (unsigned i = 0; i < bytes.size(); ++i) {
    const unsigned kept = std::clamp(bits, 8 * i, 8 * i + 8) - 8 * i;
    bytes[i] = static_cast<std::uint8_t>(bytes[i] & (0xFF00u >> kept));
  }
  return IpAddress(bytes);
}

}  // namespace

std::optional<IpRange> IpRange::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto first = IpAddress::parse(text.substr(0, slash));
  if (!first) return std::nullopt;
  if (slash == std::string_view::npos) return IpRange(*first, kBits);
  const std::string_view digits = text.substr(slash + 1);
  unsigned bits = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
  // ::ffff:10.0.0.0/104 is counted as it is written: by its colons it is IPv6.
  const bool counts_v4 = text.substr(0, slash).find(':') == std::string_view::npos;
  const unsigned width = counts_v4 ? kV4Bits : kBits;
  if (error != std::errc() || end != digits.data() + digits.size() || bits > width) {
    return std::nullopt;
  }
  bits += kBits - width;
  if (masked(*first, bits) != *first) return std::nullopt;
  return IpRange(*first, bits);
}

bool IpRange::contains(const IpAddress& address) const noexcept {
  return masked(address, bits_) == first_;
}

bool contains(std::span<const IpRange> ranges, const IpAddress& address) noexcept {
  return std::ranges::any_of(ranges,
                             [&address](const IpRange& range) { return range.contains(address); });
}

}  // namespace outcry::net
