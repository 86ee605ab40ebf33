// net/tls_identity.h — who this server is on TLS: certificate chain and private key, read from
// files once and checked, and the seed of the session tickets that its workers issue.
//
// Each worker makes its own TlsContext from it. What would replace a certificate in a running
// process is a new identity, given to the workers.
// Thread: made at start-up, then shared read-only.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "net/tls_error.h"
#include "net/tls_tickets.h"

struct evp_pkey_st;
struct ssl_ctx_st;
struct stack_st_X509;
struct x509_st;

namespace outcry::net {

enum class TlsVersion : std::uint8_t { tls_1_2, tls_1_3 };

struct TlsOptions {
  std::string certificate_file;  // PEM: the server's certificate, then those that lead to its root
  std::string key_file;          // PEM, without a passphrase
  TlsVersion version_min = TlsVersion::tls_1_2;
};

class TlsIdentity {
 public:
  /// Errors: those of an identity in TlsError. A certificate must be valid at `now`.
  [[nodiscard]] static Result<std::shared_ptr<TlsIdentity>> load(const TlsOptions& options,
                                                                 WallTime now);
  TlsIdentity(const TlsIdentity&) = delete;
  TlsIdentity& operator=(const TlsIdentity&) = delete;
  ~TlsIdentity();

  /// Of the tickets that all contexts made from this identity accept of each other.
  [[nodiscard]] TicketSeed ticket_seed() const;
  /// To be called once the workers have their contexts: only then does rotating keys protect older
  /// tickets. A context made later keeps its tickets to itself.
  void forget_ticket_seed() noexcept;

  /// Makes `context` present this identity, with a copy of the key: workers that sign don't meet
  /// at the locks of one. False if OpenSSL's policy refuses it.
  [[nodiscard]] bool apply(ssl_ctx_st& context) const;

 private:
  TlsIdentity() = default;
  [[nodiscard]] std::error_code read_certificates(const std::string& path);
  [[nodiscard]] std::error_code read_key(const std::string& path);
  [[nodiscard]] std::error_code check(WallTime now) const;

  TlsVersion version_min_ = TlsVersion::tls_1_2;
  x509_st* certificate_ = nullptr;  // owned, as are the next two
  stack_st_X509* chain_ = nullptr;
  evp_pkey_st* key_ = nullptr;
  TicketSeed ticket_seed_;
  bool ticket_seed_known_ = true;
};

}  // namespace outcry::net
