#include "publisher/tcp_pipe.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <netinet/tcp.h>
#include <stdexcept>
#include <sys/socket.h>
#include <system_error>
#include <utility>

#include <poll.h>
#include <unistd.h>

namespace outcry::bench {
namespace {

constexpr int kStuckMs = 5'000;

}  // namespace

TcpPipe::TcpPipe(const sockaddr_in& server, std::string peer)
    : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), peer_(std::move(peer)) {
  if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "socket");
  const int on = 1;
  (void)setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // without it only slower
  if (connect(fd_, reinterpret_cast<const sockaddr*>(&server), sizeof server) != 0) {
    const int error = errno;
    close(fd_);
    throw std::system_error(error, std::generic_category(), "connect to " + peer_);
  }
}

TcpPipe::~TcpPipe() {
  close(fd_);
}

void TcpPipe::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      take_input();
      wait_for(POLLOUT | POLLIN);
    } else if (errno != EINTR) {
      throw std::system_error(errno, std::generic_category(), "write to " + peer_);
    }
  }
}

void TcpPipe::take_input() {
  std::array<char, 16'384> chunk;
  while (true) {
    const ssize_t got = recv(fd_, chunk.data(), chunk.size(), MSG_DONTWAIT);
    if (got == 0) throw std::runtime_error(peer_ + " ended the connection");
    if (got > 0) {
      input_.append(chunk.data(), static_cast<std::size_t>(got));
    } else if (errno == EAGAIN) {
      return;
    } else if (errno != EINTR) {
      throw std::system_error(errno, std::generic_category(), "read from " + peer_);
    }
  }
}

void TcpPipe::wait_for_input() {
  wait_for(POLLIN);
  take_input();
}

void TcpPipe::wait_for(short events) {
  pollfd wanted{fd_, events, 0};
  if (::poll(&wanted, 1, kStuckMs) == 0) {
    throw std::runtime_error(peer_ + " took nothing for five seconds");
  }
}

}  // namespace outcry::bench
