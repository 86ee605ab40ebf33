#include "net/tls_stream.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <sys/socket.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/assert.h"
#include "base/log.h"
#include "net/tcp.h"
#include "net/tls_bio.h"
#include "net/tls_context.h"

namespace outcry::net {
namespace {

// Sealed before the socket is asked: so many records go out in one system call.
constexpr std::size_t kBatchBytes = 64 * 1024;
// A record that has begun to arrive waits inside OpenSSL: header, plaintext, and what TLS 1.2
// allows on top of it (RFC 5246 §6.2.3).
constexpr std::size_t kPartialRecordBytes = 5 + kTlsRecordBytes + 2048;
// Handshake messages, key updates and alerts for a peer that asks for them and doesn't read.
constexpr std::size_t kUnsentBytesMax = 2 * kBatchBytes;

/// Cuts the parts into records, in order; small parts go together into one.
class Records {
 public:
  Records(std::span<const iovec> parts, std::span<std::byte> scratch)
      : parts_(parts), scratch_(scratch) {}

  /// The next record's plaintext, valid until the next call; empty at the end.
  std::span<const std::byte> next() {
    skip_empty();
    if (rest().size() >= scratch_.size() || parts_.size() <= 1) return take(scratch_.size());
    std::size_t filled = 0;
    while (!parts_.empty() && filled < scratch_.size()) {
      const auto piece = take(scratch_.size() - filled);
      std::memcpy(scratch_.data() + filled, piece.data(), piece.size());
      filled += piece.size();
      skip_empty();
    }
    return scratch_.first(filled);
  }

 private:
  std::span<const std::byte> rest() const {
    if (parts_.empty()) return {};
    const iovec& part = parts_.front();
    return std::span(static_cast<const std::byte*>(part.iov_base), part.iov_len).subspan(taken_);
  }
  std::span<const std::byte> take(std::size_t bytes_max) {
    const auto piece = rest().first(std::min(bytes_max, rest().size()));
    taken_ += piece.size();
    return piece;
  }
  void skip_empty() {
    while (!parts_.empty() && rest().empty()) {
      parts_ = parts_.subspan(1);
      taken_ = 0;
    }
  }

  std::span<const iovec> parts_;
  std::span<std::byte> scratch_;
  std::size_t taken_ = 0;  // of the first part
};

}  // namespace

void TlsStream::FreeSsl::operator()(ssl_st* ssl) const noexcept {
  SSL_free(ssl);
}

void TlsStream::move_to(TlsContext& context) noexcept {
  context_ = &context;
  move_tls_bio(*SSL_get_rbio(ssl_.get()), context.buffers());
}

// ---- Reading ----

Result<std::size_t> TlsStream::read_some(int fd, std::span<std::byte> into) noexcept {
  OUTCRY_ASSERT(into.size() >= kReadBytesMin);
  if (broken_) return fail(TlsError::record);
  if (ended_) return 0;
  TlsBuffers& buffers = context_->buffers();
  // No more than what fits `into` when decrypted, with a record whose beginning is here already.
  const auto room = std::min(buffers.received.size(), into.size() - kPartialRecordBytes);
  const auto got = net::read_some(fd, std::span(buffers.received).first(room));
  if (!got || *got == 0) return got;

  buffers.unread = std::span(buffers.received).first(*got);
  const auto plain = open_records(into);
  buffers.unread = {};
  const std::error_code send_error = send_sealed(fd);
  if (!plain) return plain;
  if (send_error) return fail(send_error);
  // What comes after close_notify isn't read. The socket then reports its end for good, as after a
  // FIN: nobody has to remember that this stream has one.
  if (ended_) (void)::shutdown(fd, SHUT_RD);
  if (*plain == 0 && !ended_) {
    return fail(std::make_error_code(std::errc::resource_unavailable_try_again));
  }
  return plain;
}

Result<std::size_t> TlsStream::open_records(std::span<std::byte> into) noexcept {
  std::size_t filled = 0;
  for (;;) {
    ERR_clear_error();
    std::size_t got = 0;
    const int read = SSL_read_ex(ssl_.get(), into.data() + filled, into.size() - filled, &got);
    if (!established_ && SSL_is_init_finished(ssl_.get()) == 1) {
      established_ = true;
      ++context_->stats().handshakes;
      if (SSL_session_reused(ssl_.get()) == 1) ++context_->stats().resumed;
    }
    if (read == 1) {
      filled += got;
      OUTCRY_ASSERT(filled < into.size());
      continue;
    }
    switch (SSL_get_error(ssl_.get(), read)) {
      case SSL_ERROR_WANT_READ:
        return filled;
      case SSL_ERROR_ZERO_RETURN:
        ended_ = true;
        return filled;
      default:
        return fail(failed());
    }
  }
}

TlsError TlsStream::failed() noexcept {
  broken_ = true;
  ++context_->stats().errors;
  const unsigned long error = ERR_peek_error();
  const char* reason = ERR_reason_error_string(error);
  log::debug("TLS of a client failed: {}", reason != nullptr ? reason : "no reason given");
  const bool is_http =
      ERR_GET_LIB(error) == ERR_LIB_SSL && ERR_GET_REASON(error) == SSL_R_HTTP_REQUEST;
  if (is_http) return TlsError::plain_http;
  return established_ ? TlsError::record : TlsError::handshake;
}

// ---- Writing ----

Result<std::size_t> TlsStream::write_some(int fd, std::span<const iovec> parts) noexcept {
  if (broken_ || (!established_ && !parts.empty())) return fail(TlsError::handshake);
  if (has_unsent()) {
    if (const auto error = send_sealed(fd)) return fail(error);
  }
  TlsBuffers& buffers = context_->buffers();
  Records records(parts, buffers.gathered);
  std::size_t taken = 0;
  for (bool more = true; more && !has_unsent();) {
    while (more && buffers.sealed.size() < kBatchBytes) {
      const auto record = records.next();
      more = !record.empty();
      if (more && !seal(record)) return fail(failed());
      taken += record.size();
    }
    if (const auto error = send_sealed(fd)) return fail(error);
  }
  return taken;
}

bool TlsStream::seal(std::span<const std::byte> record) noexcept {
  ERR_clear_error();
  std::size_t sealed = 0;
  return SSL_write_ex(ssl_.get(), record.data(), record.size(), &sealed) == 1 &&
         sealed == record.size();
}

/// Writes what is sealed, behind what was left over; keeps what the socket doesn't take.
std::error_code TlsStream::send_sealed(int fd) noexcept {
  std::string& sealed = context_->buffers().sealed;
  if (sealed.empty() && unsent_.empty()) return {};
  const std::array<iovec, 2> parts{iovec{unsent_.data(), unsent_.size()},
                                   iovec{sealed.data(), sealed.size()}};
  const auto sent = net::write_some(fd, std::span(parts).subspan(unsent_.empty() ? 1 : 0));
  if (!sent) {
    sealed.clear();
    return sent.error();
  }
  const std::size_t old_sent = std::min(*sent, unsent_.size());
  unsent_.erase(0, old_sent);
  unsent_.append(sealed, *sent - old_sent);
  sealed.clear();
  if (unsent_.empty()) std::string().swap(unsent_);
  if (unsent_.size() <= kUnsentBytesMax) return {};
  broken_ = true;
  ++context_->stats().errors;
  return TlsError::unread;
}

bool TlsStream::close(int fd) noexcept {
  if (broken_ || !established_ || closed_) return !has_unsent();
  closed_ = true;
  ERR_clear_error();
  (void)SSL_shutdown(ssl_.get());  // 0: the peer's answer isn't there, and isn't waited for
  return !send_sealed(fd) && !has_unsent();
}

}  // namespace outcry::net
