// net/tls_error.h — why a certificate can't be used, or a connection's TLS failed: one value a
// cause.
#pragma once

#include <cstdint>
#include <system_error>

namespace outcry::net {

enum class TlsError : std::uint8_t {
  none,
  // Of an identity, at start-up.
  certificate_unreadable,  // the file can't be opened, or has no certificate in PEM form
  key_unreadable,          // the file can't be opened, or has no private key in PEM form
  key_encrypted,           // it asks for a passphrase
  mismatch,                // the key isn't the first certificate's
  expired,                 // a certificate of the chain
  not_yet_valid,           // likewise
  refused,                 // OpenSSL's policy: too short a key, too weak a signature
  client_ca_unreadable,    // the file can't be opened, or has no certificate in PEM form
  // Of a connection.
  plain_http,  // a request without TLS came
  handshake,   // no agreement, or bytes that are no TLS
  record,      // a record after the handshake that is broken or forged
  unread,      // the peer makes us answer and doesn't read the answers
};

[[nodiscard]] std::error_code make_error_code(TlsError error) noexcept;

}  // namespace outcry::net

template <>
struct std::is_error_code_enum<outcry::net::TlsError> : std::true_type {};
