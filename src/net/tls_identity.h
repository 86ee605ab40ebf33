// net/tls_identity.h — who this server is on TLS, and what it speaks: its certificates, of which a
// client gets the one for the host name that it asks for, the roots of its clients' certificates if
// they must have one, and the seed of the session tickets that its workers issue.
//
//   "app.example.com" ─▶ the certificate with that name
//   "a.example.net"   ─▶ the one with "*.example.net"
//   other, or none    ─▶ the first
//
// Each worker makes its own TlsContext from it. What replaces a certificate in a running process is
// a new identity, given to the workers (TlsContext::use).
// Thread: made by one, then shared read-only.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/tls_certificate.h"
#include "net/tls_tickets.h"

struct ssl_ctx_st;
struct stack_st_X509_NAME;
struct x509_store_st;

namespace outcry::net {

enum class TlsVersion : std::uint8_t { tls_1_2, tls_1_3 };

class TlsIdentity {
 public:
  /// `certificates` has at least one. Of several that have a name the first serves it.
  explicit TlsIdentity(std::vector<TlsCertificate> certificates,
                       TlsVersion version_min = TlsVersion::tls_1_2);
  TlsIdentity(const TlsIdentity&) = delete;
  TlsIdentity& operator=(const TlsIdentity&) = delete;
  ~TlsIdentity();

  /// Clients must present a certificate that leads to one of those in this PEM file. Errors:
  /// client_ca_unreadable.
  [[nodiscard]] std::error_code require_clients_of(const std::string& ca_file);

  [[nodiscard]] const std::vector<TlsCertificate>& certificates() const noexcept {
    return certificates_;
  }
  /// Index of the certificate for a host name as a client sends it.
  [[nodiscard]] std::size_t find(std::string_view host_name) const;
  /// A name that more than one certificate has; empty if there is none.
  [[nodiscard]] const std::string& repeated_name() const noexcept { return repeated_name_; }
  /// Whether a client would notice no difference.
  [[nodiscard]] bool same_as(const TlsIdentity& other) const;

  /// Of the tickets that all contexts made from this identity accept of each other.
  [[nodiscard]] TicketSeed ticket_seed() const;
  /// To be called once the workers have their contexts: only then does rotating keys protect older
  /// tickets. A context made later keeps its tickets to itself.
  void forget_ticket_seed() noexcept;

  /// Makes `context` speak as this server, with the certificate of that index: versions, ciphers,
  /// HTTP/1.1 by ALPN, no renegotiation, compression or early data. False if OpenSSL refuses.
  [[nodiscard]] bool apply(ssl_ctx_st& context, std::size_t certificate = 0) const;

 private:
  using Digest = std::array<unsigned char, 32>;

  const std::vector<TlsCertificate> certificates_;
  const TlsVersion version_min_;
  std::map<std::string, std::size_t, std::less<>> by_name_;
  std::string repeated_name_;
  x509_store_st* client_roots_ = nullptr;         // owned; null: clients need no certificate
  stack_st_X509_NAME* client_issuers_ = nullptr;  // owned; told to clients, so that they can choose
  std::vector<Digest> client_digests_;
  TicketSeed ticket_seed_;
  bool ticket_seed_known_ = true;
};

}  // namespace outcry::net
