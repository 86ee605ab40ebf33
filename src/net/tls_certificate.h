// net/tls_certificate.h — one certificate, those that lead to its root, and its private key: read
// from files and checked before any client sees them.
//
// Thread: immutable once loaded; any.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "net/tls_error.h"

struct evp_pkey_st;
struct ssl_ctx_st;
struct stack_st_X509;
struct x509_st;

namespace outcry::net {

class TlsCertificate {
 public:
  struct Files {
    std::string certificate;  // PEM: the server's certificate, then those that lead to its root
    std::string key;          // PEM, without a passphrase
  };

  /// Errors: those of an identity in TlsError. Every certificate must be valid at `now`.
  [[nodiscard]] static Result<TlsCertificate> load(const Files& files, WallTime now);
  TlsCertificate(TlsCertificate&& other) noexcept;
  TlsCertificate& operator=(TlsCertificate&&) = delete;
  ~TlsCertificate();

  /// The host names that it is for (subjectAltName), lower case: "www.example.com",
  /// "*.example.com".
  [[nodiscard]] const std::vector<std::string>& names() const noexcept { return names_; }
  /// For logs: the first of the names; without any, the subject's common name.
  [[nodiscard]] const std::string& label() const noexcept { return label_; }
  /// When the server's own begins to be valid, and when the first of all ends.
  [[nodiscard]] WallTime not_before() const noexcept { return not_before_; }
  [[nodiscard]] WallTime not_after() const noexcept { return not_after_; }
  /// The same certificates, and so the same key.
  [[nodiscard]] bool same_as(const TlsCertificate& other) const noexcept {
    return digest_ == other.digest_;
  }

  /// Makes `context` present it, with a copy of the key: workers that sign don't meet at the locks
  /// of one. False if OpenSSL's policy refuses it.
  [[nodiscard]] bool apply(ssl_ctx_st& context) const;

 private:
  TlsCertificate() = default;
  [[nodiscard]] std::error_code read_certificates(const std::string& path);
  [[nodiscard]] std::error_code read_key(const std::string& path);
  [[nodiscard]] std::error_code check(WallTime now) const;
  void read_facts();

  x509_st* certificate_ = nullptr;  // owned, as are the next two
  stack_st_X509* chain_ = nullptr;
  evp_pkey_st* key_ = nullptr;
  std::vector<std::string> names_;
  std::string label_;
  WallTime not_before_;
  WallTime not_after_;
  std::array<unsigned char, 32> digest_{};  // of all certificates
};

}  // namespace outcry::net
