// net/tls_stream.h — one connection's TLS, the server's side: reads and writes like net/tcp.h.
//
//   read_some   one read of the socket, then all of its records decrypted: nothing stays behind
//               that readiness (level-triggered epoll) wouldn't tell of
//   write_some  parts gathered into as few records as they need; records the socket doesn't take
//               are kept, and count as written
//
// The handshake happens within read_some. The stream doesn't own the socket, and is bound to
// the context of the worker that uses it: it may move with the socket between reads and writes.
// Thread: that worker's.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <sys/uio.h>

#include "base/result.h"
#include "net/tls_error.h"

struct ssl_st;

namespace outcry::net {

class TlsContext;

class TlsStream {
 public:
  /// For TlsContext::accept. Takes `ssl` over.
  TlsStream(ssl_st* ssl, TlsContext& context) noexcept : ssl_(ssl), context_(&context) {}
  TlsStream(const TlsStream&) = delete;
  TlsStream& operator=(const TlsStream&) = delete;

  /// Plaintext bytes read; 0 at the end of the stream, by close_notify or without. EAGAIN when
  /// nothing waits, also when only the handshake got on. `into` has at least kReadBytesMin.
  /// Errors: those of a connection in TlsError, and the system's. After one the stream may only be
  /// destroyed; the alert that tells the peer has been sent.
  [[nodiscard]] Result<std::size_t> read_some(int fd, std::span<std::byte> into) noexcept;
  static constexpr std::size_t kReadBytesMin = 32 * 1024;

  /// Bytes taken, which may be fewer than given. With or without parts it first writes what was
  /// left over; after it has_unsent() says that the socket is full.
  [[nodiscard]] Result<std::size_t> write_some(int fd, std::span<const iovec> parts) noexcept;
  [[nodiscard]] bool has_unsent() const noexcept { return !unsent_.empty(); }

  /// Tells the peer that no more comes (close_notify), once. False if the socket is full:
  /// write_some goes on.
  bool close(int fd) noexcept;

  [[nodiscard]] bool handshaking() const noexcept { return !established_; }
  /// Goes on in another worker.
  void move_to(TlsContext& context) noexcept;

 private:
  struct FreeSsl {
    void operator()(ssl_st* ssl) const noexcept;
  };

  [[nodiscard]] Result<std::size_t> open_records(std::span<std::byte> into) noexcept;
  [[nodiscard]] bool seal(std::span<const std::byte> record) noexcept;
  [[nodiscard]] std::error_code send_sealed(int fd) noexcept;
  [[nodiscard]] TlsError failed() noexcept;

  std::unique_ptr<ssl_st, FreeSsl> ssl_;
  TlsContext* context_;
  std::string unsent_;  // records that the socket didn't take
  bool established_ = false;
  bool ended_ = false;   // the peer has said close_notify
  bool closed_ = false;  // we have
  bool broken_ = false;
};

}  // namespace outcry::net
