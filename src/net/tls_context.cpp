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

// A client that polls opens two connections at once when it upgrades, and a ticket is for one use
// (RFC 8446 §C.4).
constexpr std::size_t kTickets = 2;

constexpr std::size_t kReceivedBytes = 40 * 1024;

/// The client has named a host: its certificate is the one to present.
int choose_certificate(SSL* ssl, int*, void* context) {
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
  SSL_CTX& settings = static_cast<TlsContext*>(context)->settings_for(name);
  return SSL_set_SSL_CTX(ssl, &settings) != nullptr ? SSL_TLSEXT_ERR_OK
                                                    : SSL_TLSEXT_ERR_ALERT_FATAL;
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

}  // namespace

void TlsContext::FreeSettings::operator()(ssl_ctx_st* settings) const noexcept {
  SSL_CTX_free(settings);
}

TlsContext::TlsContext(std::shared_ptr<const TlsIdentity> identity, TlsStats& stats)
    : tickets_(identity->ticket_seed()), stats_(stats) {
  if (!use(std::move(identity))) throw std::runtime_error("OpenSSL can't be set up for TLS");
  buffers_.received.resize(kReceivedBytes);
  buffers_.gathered.resize(kTlsRecordBytes);
}

TlsContext::~TlsContext() = default;

bool TlsContext::use(std::shared_ptr<const TlsIdentity> identity) {
  std::vector<Settings> made;
  for (std::size_t i = 0; i < identity->certificates().size(); ++i) {
    if (!made.emplace_back(make_settings(*identity, i))) return false;
  }
  settings_ = std::move(made);  // connections share what they were begun with
  identity_ = std::move(identity);
  return true;
}

/// Nullptr if memory is short: that the identity can be used was found when it was loaded.
TlsContext::Settings TlsContext::make_settings(const TlsIdentity& identity,
                                               std::size_t certificate) {
  Settings out(SSL_CTX_new(TLS_server_method()));
  if (!out) return nullptr;
  // A connection that waits keeps no record buffers (34 KiB).
  SSL_CTX_set_mode(out.get(), SSL_MODE_RELEASE_BUFFERS);
  // Sessions live in tickets, not in a table for each worker.
  SSL_CTX_set_session_cache_mode(out.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_timeout(out.get(), std::chrono::seconds(TicketKeys::kPeriod).count());
  SSL_CTX_set_tlsext_servername_callback(out.get(), choose_certificate);
  SSL_CTX_set_tlsext_servername_arg(out.get(), this);
  const bool usable = SSL_CTX_set_num_tickets(out.get(), kTickets) == 1 &&
                      SSL_CTX_set_tlsext_ticket_key_evp_cb(out.get(), choose_ticket_key) == 1 &&
                      SSL_CTX_set_app_data(out.get(), this) == 1 &&
                      identity.apply(*out, certificate);
  return usable ? std::move(out) : nullptr;
}

ssl_ctx_st& TlsContext::settings_for(std::string_view host_name) {
  return *settings_[identity_->find(host_name)];
}

std::unique_ptr<TlsStream> TlsContext::accept() {
  ssl_st* ssl = SSL_new(settings_.front().get());
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
