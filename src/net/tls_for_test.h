// net/tls_for_test.h — what tests of TLS need: certificates made on the spot, and a client that is
// a pure state machine over OpenSSL, so that a test decides what arrives when.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/tls_identity.h"

struct ssl_ctx_st;
struct ssl_session_st;
struct ssl_st;

namespace outcry::net::test {

struct CertificateWish {
  std::chrono::hours valid_from{-1};  // from now
  std::chrono::hours valid_until{24};
  int rsa_bits = 0;                                  // 0: an elliptic curve key
  bool intermediate = false;                         // signed by one that the file also holds
  const char* passphrase = nullptr;                  // of the key
  const char* names = "DNS:localhost,IP:127.0.0.1";  // as OpenSSL writes it; null: none
};

struct Pem {
  std::string certificate;
  std::string key;
};
[[nodiscard]] Pem make_certificate(const CertificateWish& wish = {});

/// A directory of its own, removed at the end.
class TestDirectory {
 public:
  TestDirectory();
  TestDirectory(const TestDirectory&) = delete;
  TestDirectory& operator=(const TestDirectory&) = delete;
  ~TestDirectory();
  /// Writes a file and returns its path.
  std::string write(std::string_view name, std::string_view content) const;
  [[nodiscard]] std::string path(std::string_view name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// Throws if it can't be used.
[[nodiscard]] TlsCertificate load_certificate(const Pem& pem);
/// A fresh identity for localhost.
[[nodiscard]] std::shared_ptr<TlsIdentity> make_identity(
    TlsVersion version_min = TlsVersion::tls_1_2);
/// One with a fresh certificate for each list of names.
[[nodiscard]] std::shared_ptr<TlsIdentity> make_identity(
    const std::vector<std::vector<std::string>>& names);

class TlsClient {
 public:
  struct FreeSession {
    void operator()(ssl_session_st* session) const noexcept;
  };
  using Session = std::shared_ptr<ssl_session_st>;

  struct Options {
    int version = 0;             // TLS1_2_VERSION …; 0: what both can
    std::string_view protocols;  // ALPN, each behind its length
    Session session = nullptr;   // to resume
    bool middlebox = true;       // as browsers do (RFC 8446 §D.4)
    const char* host = nullptr;  // asked for by SNI
  };

  TlsClient() : TlsClient(Options{}) {}
  explicit TlsClient(const Options& options);
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;
  ~TlsClient();

  /// Takes bytes of the server.
  void feed(std::string_view sealed);
  /// Bytes for the server, each once.
  [[nodiscard]] std::string output();
  void send(std::string_view plaintext);
  void close();
  /// Asks for another handshake, or for new keys of both sides in TLS 1.3.
  void renegotiate();

  /// Plaintext of the server, until taken.
  std::string received;
  [[nodiscard]] bool established() const;
  [[nodiscard]] bool resumed() const;
  [[nodiscard]] bool failed() const { return failed_; }
  /// The server has said close_notify.
  [[nodiscard]] bool closed() const { return closed_; }
  [[nodiscard]] int version() const;
  [[nodiscard]] std::string protocol() const;
  /// Of the server: the first name of its certificate, or its subject's common name.
  [[nodiscard]] std::string server_name() const;
  /// The newest ticket.
  [[nodiscard]] Session session() const { return session_; }

 private:
  void advance();

  ssl_ctx_st* context_;
  ssl_st* ssl_;
  std::string waiting_;  // to be sent once established
  Session session_;
  bool failed_ = false;
  bool closed_ = false;
};

}  // namespace outcry::net::test
