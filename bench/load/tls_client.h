// load/tls_client.h — the TLS side of all connections: one context, one remembered session each.
//
// A browser that comes back offers the ticket that it was given, and the server saves the
// public-key work. So each connection keeps its own latest ticket, and how many were accepted is
// counted. Thread: its owner's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

struct ssl_st;

namespace outcry::bench {

struct TlsOptions {
  bool enabled = false;
  std::string ca_file;  ///< empty: any certificate will do; loopback has nobody in between
  bool resume = true;
};

/// Since the start.
struct TlsStats {
  std::uint64_t handshakes = 0;  ///< finished, the resumed ones included
  std::uint64_t resumed = 0;
  std::string version;  ///< of the last one: "TLSv1.3"
  std::string cipher;
};

class TlsClient {
 public:
  /// Throws std::runtime_error when the context can't be made, or the CA file can't be read.
  TlsClient(const TlsOptions& options, std::uint32_t connections);
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  /// A client-side TLS state over `fd`, which offers the ticket that connection `index` was given
  /// last. To be freed with SSL_free; nullptr when there is no memory.
  [[nodiscard]] ssl_st* open(int fd, std::uint32_t index);
  /// To be called once for each state, when its handshake is over.
  void count_handshake(const ssl_st* state);
  [[nodiscard]] const TlsStats& stats() const noexcept { return stats_; }

 private:
  struct Context;
  std::unique_ptr<Context> context_;
  TlsStats stats_;
};

/// OpenSSL's oldest queued error, for people.
[[nodiscard]] std::string tls_error_text();

}  // namespace outcry::bench
