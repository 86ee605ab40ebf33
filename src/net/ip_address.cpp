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

std::string IpAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> out{};
  const bool is_v4 = std::all_of(bytes_.begin(), bytes_.begin() + kV4At - 2,
                                 [](std::uint8_t byte) { return byte == 0; }) &&
                     bytes_[kV4At - 2] == 0xFF && bytes_[kV4At - 1] == 0xFF;
  ::inet_ntop(is_v4 ? AF_INET : AF_INET6, bytes_.data() + (is_v4 ? kV4At : 0), out.data(),
              out.size());
  return out.data();
}

}  // namespace outcry::net
