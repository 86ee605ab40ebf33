#include "load/stream.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <utility>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <unistd.h>

namespace outcry::bench {
namespace {

std::string error_text(std::string_view what) {
  return std::string(what) + ": " + std::strerror(errno);
}

int int_size(std::size_t bytes) {
  return static_cast<int>(
      std::min(bytes, static_cast<std::size_t>(std::numeric_limits<int>::max())));
}

}  // namespace

Stream::Stream(Stream&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      state_(std::exchange(other.state_, nullptr)),
      tls_(other.tls_),
      counted_(other.counted_),
      broken_(other.broken_) {}

Stream& Stream::operator=(Stream&& other) noexcept {
  if (this != &other) {
    close();
    fd_ = std::exchange(other.fd_, -1);
    state_ = std::exchange(other.state_, nullptr);
    tls_ = other.tls_;
    counted_ = other.counted_;
    broken_ = other.broken_;
  }
  return *this;
}

std::string Stream::open(const sockaddr_in& server, TlsClient* tls, std::uint32_t index,
                         int receive_buffer) {
  close();
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) return error_text("socket");
  const int on = 1;
  // A client's small writes are handshakes and pongs; waiting to merge them would be measured as
  // the server's latency.
  (void)setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);  // without it only slower
  if (receive_buffer > 0 &&
      setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer) != 0) {
    return error_text("SO_RCVBUF");
  }
  const auto* address = reinterpret_cast<const sockaddr*>(&server);
  if (connect(fd_, address, sizeof server) != 0 && errno != EINPROGRESS) {
    return error_text("connect");
  }
  counted_ = false;
  broken_ = false;
  tls_ = tls;
  if (tls == nullptr) return {};
  state_ = tls->open(fd_, index);
  return state_ == nullptr ? tls_error_text() : std::string();
}

void Stream::close() noexcept {
  if (state_ != nullptr) {
    // Told to the other side, so that its session may be resumed; a full socket loses the note.
    if (counted_ && !broken_) SSL_shutdown(state_);
    SSL_free(state_);
    ERR_clear_error();
  }
  if (fd_ >= 0) ::close(fd_);
  state_ = nullptr;
  fd_ = -1;
}

IoResult Stream::read(char* to, std::size_t bytes_max) {
  if (state_ != nullptr) return tls_result(SSL_read(state_, to, int_size(bytes_max)), false);
  const ssize_t got = recv(fd_, to, bytes_max, 0);
  if (got > 0) return {IoStatus::done, static_cast<std::size_t>(got)};
  if (got == 0) return {IoStatus::ended};
  if (errno == EAGAIN || errno == EINTR) return {IoStatus::would_block};
  return {IoStatus::failed, 0, error_text("read")};
}

IoResult Stream::write(std::string_view bytes) {
  if (state_ != nullptr) {
    return tls_result(SSL_write(state_, bytes.data(), int_size(bytes.size())), true);
  }
  const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent >= 0) return {IoStatus::done, static_cast<std::size_t>(sent)};
  if (errno == EAGAIN || errno == EINTR) return {IoStatus::would_block};
  return {IoStatus::failed, 0, error_text("write")};
}

IoResult Stream::tls_result(int returned, bool is_write) {
  const int cause = SSL_get_error(state_, returned);
  if (!counted_ && SSL_is_init_finished(state_) == 1) {
    counted_ = true;
    tls_->count_handshake(state_);
  }
  if (returned > 0) return {IoStatus::done, static_cast<std::size_t>(returned)};
  if (cause == SSL_ERROR_WANT_READ) {
    return {is_write ? IoStatus::needs_input : IoStatus::would_block};
  }
  if (cause == SSL_ERROR_WANT_WRITE) return {IoStatus::would_block};
  broken_ = true;
  switch (cause) {
    case SSL_ERROR_ZERO_RETURN:
      return {IoStatus::ended};
    case SSL_ERROR_SYSCALL:
      ERR_clear_error();
      if (errno == 0) return {IoStatus::ended};
      return {IoStatus::failed, 0, error_text(is_write ? "write" : "read")};
    default:
      return {IoStatus::failed, 0, tls_error_text()};
  }
}

}  // namespace outcry::bench
