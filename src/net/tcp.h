// net/tcp.h — listening and connected sockets of the data plane: non-blocking, one listener for
// each worker on the same port (SO_REUSEPORT), so that accepting needs no hand-over.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <sys/uio.h>

#include "base/result.h"
#include "net/ip_address.h"
#include "net/unique_fd.h"

namespace outcry::net {

struct HostPort {
  std::string host;  // an IPv4 or IPv6 address, without brackets
  std::uint16_t port = 0;
};

/// "127.0.0.1:5000" or "[::1]:5000". Names are not resolved: a listener is given by address.
[[nodiscard]] Result<HostPort> parse_host_port(std::string_view text);

/// Waiting connections that a listener asks the kernel to keep; it keeps at most
/// net.core.somaxconn.
inline constexpr int kBacklog = 4096;

/// That limit of the kernel, for this network namespace; nullopt if it doesn't tell. Reads a file.
[[nodiscard]] std::optional<int> backlog_limit();

/// A listening socket. Several may share one address; port 0 picks a free one. A connection that
/// finds `backlog` others waiting is not refused: its client tries again, a second later at first.
[[nodiscard]] Result<UniqueFd> listen_tcp(const HostPort& address, int backlog = kBacklog);
/// The port that a listening socket got.
[[nodiscard]] std::uint16_t local_port(int fd);

struct Accepted {
  UniqueFd fd;
  IpAddress peer_address;
};
/// One waiting connection of a listener of listen_tcp(): non-blocking, Nagle off; EAGAIN when none
/// waits.
[[nodiscard]] Result<Accepted> accept_tcp(int listener);

/// Bytes read; 0 at the end of the stream. EAGAIN when nothing waits.
[[nodiscard]] Result<std::size_t> read_some(int fd, std::span<std::byte> into) noexcept;
/// The same without taking them: the next read brings them again.
[[nodiscard]] Result<std::size_t> peek_some(int fd, std::span<std::byte> into) noexcept;
/// Bytes written, which may be fewer than given; 0 when the socket takes nothing now.
[[nodiscard]] Result<std::size_t> write_some(int fd, std::span<const iovec> parts) noexcept;

[[nodiscard]] bool would_block(std::error_code error) noexcept;

}  // namespace outcry::net
