#include "net/tcp.h"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace outcry::net {
namespace {

std::error_code last_error() {
  return {errno, std::system_category()};
}

struct Address {
  sockaddr_storage storage{};
  socklen_t length = 0;
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

Result<Address> to_sockaddr(const HostPort& address) {
  Address out;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&out.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.storage);
  if (::inet_pton(AF_INET, address.host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(address.port);
    out.length = sizeof(sockaddr_in);
  } else if (::inet_pton(AF_INET6, address.host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(address.port);
    out.length = sizeof(sockaddr_in6);
  } else {
    return fail(std::make_error_code(std::errc::invalid_argument));
  }
  return out;
}

void set_option(int fd, int level, int name) {
  const int one = 1;
  // Failing to set an option that only tunes must not refuse a connection.
  (void)::setsockopt(fd, level, name, &one, sizeof(one));
}

}  // namespace

Result<HostPort> parse_host_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const auto invalid = fail(std::make_error_code(std::errc::invalid_argument));
  if (colon == std::string_view::npos) return invalid;
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  HostPort out{.host = std::string(host)};
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
  if (error != std::errc{} || end != port.data() + port.size()) return invalid;
  if (!to_sockaddr(out)) return invalid;
  return out;
}

std::optional<int> backlog_limit() {
  std::ifstream file("/proc/sys/net/core/somaxconn");
  int limit = 0;
  if (!(file >> limit)) return std::nullopt;
  return limit;
}

Result<UniqueFd> listen_tcp(const HostPort& address, int backlog) {
  const auto target = to_sockaddr(address);
  if (!target) return fail(target.error());
  UniqueFd fd(::socket(target->get()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return fail(last_error());
  set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR);
  set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT);
  // Accepted sockets inherit it: one system call a listener, none a connection.
  set_option(fd.get(), IPPROTO_TCP, TCP_NODELAY);
  if (::bind(fd.get(), target->get(), target->length) != 0) return fail(last_error());
  if (::listen(fd.get(), backlog) != 0) return fail(last_error());
  return fd;
}

std::uint16_t local_port(int fd) {
  sockaddr_storage storage{};
  socklen_t length = sizeof(storage);
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &length) != 0) return 0;
  // sin_port and sin6_port lie at the same place.
  return ntohs(reinterpret_cast<const sockaddr_in&>(storage).sin_port);
}

Result<Accepted> accept_tcp(int listener) {
  sockaddr_storage peer{};
  socklen_t length = sizeof(peer);
  UniqueFd fd(::accept4(listener, reinterpret_cast<sockaddr*>(&peer), &length,
                        SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!fd.valid()) return fail(last_error());
  return Accepted{std::move(fd), IpAddress(peer)};
}

Result<std::size_t> read_some(int fd, std::span<std::byte> into) noexcept {
  for (;;) {
    const ssize_t got = ::read(fd, into.data(), into.size());
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) return fail(last_error());
  }
}

Result<std::size_t> peek_some(int fd, std::span<std::byte> into) noexcept {
  for (;;) {
    const ssize_t got = ::recv(fd, into.data(), into.size(), MSG_PEEK);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) return fail(last_error());
  }
}

Result<std::size_t> write_some(int fd, std::span<const iovec> parts) noexcept {
  // One part is nearly every write, and the kernel takes it for less than a list of one.
  const bool is_one = parts.size() == 1;
  msghdr message{};
  message.msg_iov = const_cast<iovec*>(parts.data());
  message.msg_iovlen = parts.size();
  for (;;) {
    const ssize_t sent =
        is_one ? ::send(fd, parts.front().iov_base, parts.front().iov_len, MSG_NOSIGNAL)
               : ::sendmsg(fd, &message, MSG_NOSIGNAL);
    if (sent >= 0) return static_cast<std::size_t>(sent);
    if (errno == EAGAIN || errno == EWOULDBLOCK) return 0;
    if (errno != EINTR) return fail(last_error());
  }
}

bool would_block(std::error_code error) noexcept {
  return error == std::errc::resource_unavailable_try_again ||
         error == std::errc::operation_would_block;
}

}  // namespace outcry::net
