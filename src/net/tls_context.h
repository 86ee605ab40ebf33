// net/tls_context.h — one worker's side of TLS: settings, ticket keys, counters, and the buffers
// that its streams share.
//
//   socket ─▶ received ─▶ OpenSSL ─▶ the caller's buffer          one read for all that waits
//   caller's parts ─▶ gathered ─▶ OpenSSL ─▶ sealed ─▶ socket     one write for all its records
//
// OpenSSL never touches a socket: it reads from and writes to these buffers by a BIO of ours. So a
// read costs one system call whatever the number of records, a flush one as well, SIGPIPE can't
// come from within OpenSSL, and a stream that waits owns no buffer.
// Thread: its worker's only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/tls_identity.h"
#include "net/tls_tickets.h"

struct bio_st;
struct ssl_ctx_st;

namespace outcry::net {

class TlsStream;

struct TlsStats {
  std::uint64_t handshakes = 0;  // completed
  std::uint64_t resumed = 0;     // of those, with an earlier session's ticket
  std::uint64_t errors = 0;      // connections that failed in TLS, before or after the handshake
};

/// In use during one operation of one stream only.
struct TlsBuffers {
  std::vector<std::byte> received;    // as read from the socket
  std::span<const std::byte> unread;  // of it: not yet taken by OpenSSL
  std::vector<std::byte> gathered;    // small parts on their way into one record
  std::string sealed;                 // records for the socket
};

class TlsContext {
 public:
  /// `stats` must outlive the context. Throws (start-up) if OpenSSL can't be set up.
  TlsContext(std::shared_ptr<const TlsIdentity> identity, TlsStats& stats);
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  ~TlsContext();

  /// From the next handshake on. Connections stay, and so do the ticket keys: who was here under
  /// the identity before resumes its session. False, and all as before, if memory is short.
  [[nodiscard]] bool use(std::shared_ptr<const TlsIdentity> identity);

  /// The server's end of a new connection, which this context must outlive, or the one that it has
  /// moved to: once its handshake is done, nothing leads back to the first. Nullptr if memory is
  /// short.
  [[nodiscard]] std::unique_ptr<TlsStream> accept();

  [[nodiscard]] TlsBuffers& buffers() noexcept { return buffers_; }
  [[nodiscard]] TlsStats& stats() noexcept { return stats_; }
  [[nodiscard]] TicketKeys& tickets() noexcept { return tickets_; }
  /// OpenSSL's settings for a client that asks for this host.
  [[nodiscard]] ssl_ctx_st& settings_for(std::string_view host_name);

 private:
  struct FreeSettings {
    void operator()(ssl_ctx_st* settings) const noexcept;
  };
  using Settings = std::unique_ptr<ssl_ctx_st, FreeSettings>;

  [[nodiscard]] Settings make_settings(const TlsIdentity& identity, std::size_t certificate);

  std::shared_ptr<const TlsIdentity> identity_;
  std::vector<Settings> settings_;  // by index of the identity's certificates
  TicketKeys tickets_;
  TlsBuffers buffers_;
  TlsStats& stats_;
};

}  // namespace outcry::net
