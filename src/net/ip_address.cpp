#include "net/ip_address.h"

#include <algorithm>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace outcry::net {
namespace {

constexpr std::size_t kV4At = 12;  // ::ffff:a.b.c.d

}  // namespace

IpAddress::IpAddress(const sockaddr_storage& storage) noexcept {
  if (storage.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(storage).sin_addr;
    const auto* from = reinterpret_cast<const std::uint8_t*>(&v4);
    bytes_[kV4At - 2] = bytes_[kV4At - 1] = 0xFF;
    std::copy_n(from, sizeof(v4), bytes_.begin() + kV4At);
  } else if (storage.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(storage).sin6_addr;
    std::copy_n(v6.s6_addr, bytes_.size(), bytes_.begin());
  }
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.size() >= INET6_ADDRSTRLEN || text.contains('\0')) return std::nullopt;
  std::array<char, INET6_ADDRSTRLEN> ended{};  // with the zero that inet_pton wants
  std::copy(text.begin(), text.end(), ended.begin());
  IpAddress out;
  if (::inet_pton(AF_INET, ended.data(), out.bytes_.data() + kV4At) == 1) {
    out.bytes_[kV4At - 2] = out.bytes_[kV4At - 1] = 0xFF;
    return out;
  }
  if (::inet_pton(AF_INET6, ended.data(), out.bytes_.data()) == 1) return out;
  return std::nullopt;
}

bool IpAddress::is_v4() const noexcept {
  return std::all_of(bytes_.begin(), bytes_.begin() + kV4At - 2,
                     [](std::uint8_t byte) { return byte == 0; }) &&
         bytes_[kV4At - 2] == 0xFF && bytes_[kV4At - 1] == 0xFF;
}

bool IpAddress::is_loopback() const noexcept {
  if (is_v4()) return bytes_[kV4At] == 127;
  return std::all_of(bytes_.begin(), bytes_.end() - 1,
                     [](std::uint8_t byte) { return byte == 0; }) &&
         bytes_.back() == 1;
}

std::string IpAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> out{};
  ::inet_ntop(is_v4() ? AF_INET : AF_INET6, bytes_.data() + (is_v4() ? kV4At : 0), out.data(),
              out.size());
  return out.data();
}

}  // namespace outcry::net
