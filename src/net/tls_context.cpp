#include "net/tls_context.h"

#include <algorithm>
#include <stdexcept>
#include <string_view>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include "net/tls_bio.h"
#include "net/tls_identity.h"
#include "net/tls_stream.h"

namespace outcry::net {
namespace {

// Mozilla's "intermediate" suites without finite-field Diffie-Hellman, whose handshake costs the
// server most and which no client of today needs. All that is listed is good, so the client's
// order counts (SSL_OP_CIPHER_SERVER_PREFERENCE stays off): it knows whether it has AES in
// hardware.
constexpr const char* kSuites12 =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* kSuites13 =
    "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
constexpr const char* kGroups = "X25519:P-256:P-384";

// A client that polls opens two connections at once when it upgrades, and a ticket is for one use
// (RFC 8446 §C.4).
constexpr std::size_t kTickets = 2;

constexpr std::string_view kHttp11 = "\x08http/1.1";
constexpr std::size_t kReceivedBytes = 40 * 1024;

/// Only HTTP/1.1 is spoken here. A client that offers other protocols alone is told so (RFC 7301
/// §3.2); one that offers none means HTTP/1.1 anyway.
int select_protocol(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* in, unsigned int in_size, void*) {
  const auto* ours = reinterpret_cast<const unsigned char*>(kHttp11.data());
  const int found = SSL_select_next_proto(const_cast<unsigned char**>(out), out_size, ours,
                                          kHttp11.size(), in, in_size);
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

bool set_mac_key(EVP_MAC_CTX* mac, const TicketKeys::Key& key) {
  auto* bytes = const_cast<unsigned char*>(key.mac.data());
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, bytes, key.mac.size()),
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      OSSL_PARAM_construct_end()};
  return EVP_MAC_CTX_set_params(mac, parameters) == 1;
}

// OpenSSL's question for the key of a ticket. Answers: 1 here it is; 2 likewise, and the client
// shall get a newer ticket; 0 none, so that a full handshake follows; -1 failure.
int choose_ticket_key(SSL* ssl, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
                      EVP_MAC_CTX* mac, int seal) {
  TicketKeys& keys =
      static_cast<TlsContext*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)))->tickets();
  const TimePoint now = steady_now();
  const TicketKeys::Key& newest = keys.newest(now);
  if (seal == 1) {
    std::ranges::copy(newest.name, name);
    const bool sealed =
        RAND_bytes(iv, EVP_MAX_IV_LENGTH) == 1 && set_mac_key(mac, newest) &&
        EVP_EncryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, newest.cipher.data(), iv) == 1;
    return sealed ? 1 : -1;
  }
  const TicketKeys::Key* key = keys.find(std::span<const unsigned char, 16>(name, 16), now);
  if (key == nullptr) return 0;
  const bool opened =
      set_mac_key(mac, *key) &&
      EVP_DecryptInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key->cipher.data(), iv) == 1;
  if (!opened) return -1;
  return key == &newest ? 1 : 2;
}

bool configure(SSL_CTX* context) {
  // No renegotiation: it is a handshake at the client's whim; no compression: CRIME.
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // A connection that waits keeps no record buffers (34 KiB).
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  // Sessions live in tickets, not in a table for each worker. Early data stays off: it can be
  // replayed (RFC 8446 §8).
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_timeout(context, std::chrono::seconds(TicketKeys::kPeriod).count());
  SSL_CTX_set_alpn_select_cb(context, select_protocol, nullptr);
  return SSL_CTX_set_max_early_data(context, 0) == 1 &&
         SSL_CTX_set_num_tickets(context, kTickets) == 1 &&
         SSL_CTX_set_cipher_list(context, kSuites12) == 1 &&
         SSL_CTX_set_ciphersuites(context, kSuites13) == 1 &&
         SSL_CTX_set1_groups_list(context, kGroups) == 1 &&
         SSL_CTX_set_tlsext_ticket_key_evp_cb(context, choose_ticket_key) == 1;
}

}  // namespace

void TlsContext::FreeContext::operator()(ssl_ctx_st* context) const noexcept {
  SSL_CTX_free(context);
}

TlsContext::TlsContext(const TlsIdentity& identity, TlsStats& stats)
    : context_(SSL_CTX_new(TLS_server_method())), tickets_(identity.ticket_seed()), stats_(stats) {
  if (!context_ || !configure(context_.get()) || !identity.apply(*context_) ||
      SSL_CTX_set_app_data(context_.get(), this) != 1) {
    throw std::runtime_error("OpenSSL can't be set up for TLS");
  }
  buffers_.received.resize(kReceivedBytes);
  buffers_.gathered.resize(kTlsRecordBytes);
}

TlsContext::~TlsContext() = default;

std::unique_ptr<TlsStream> TlsContext::accept() {
  ssl_st* ssl = SSL_new(context_.get());
  bio_st* bio = make_tls_bio(buffers_);
  if (ssl == nullptr || bio == nullptr) {
    SSL_free(ssl);
    BIO_free(bio);
    return nullptr;
  }
  SSL_set_bio(ssl, bio, bio);
  SSL_set_accept_state(ssl);
  return std::make_unique<TlsStream>(ssl, *this);
}

}  // namespace outcry::net
