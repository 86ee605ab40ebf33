#include "net/tls_identity.h"

#include <algorithm>
#include <utility>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/assert.h"

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

constexpr std::string_view kHttp11 = "\x08http/1.1";
constexpr std::size_t kHostNameBytesMax = 255;

/// Only HTTP/1.1 is spoken here. A client that offers other protocols alone is told so (RFC 7301
/// §3.2); one that offers none means HTTP/1.1 anyway.
int select_protocol(SSL*, const unsigned char** out, unsigned char* out_size,
                    const unsigned char* in, unsigned int in_size, void*) {
  const auto* ours = reinterpret_cast<const unsigned char*>(kHttp11.data());
  const int found = SSL_select_next_proto(const_cast<unsigned char**>(out), out_size, ours,
                                          kHttp11.size(), in, in_size);
  return found == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

}  // namespace

TlsIdentity::TlsIdentity(std::vector<TlsCertificate> certificates, TlsVersion version_min)
    : certificates_(std::move(certificates)),
      version_min_(version_min),
      ticket_seed_(TicketSeed::random(steady_now())) {
  OUTCRY_ASSERT(!certificates_.empty());
  for (std::size_t i = 0; i < certificates_.size(); ++i) {
    for (const std::string& name : certificates_[i].names()) {
      const auto [place, is_new] = by_name_.emplace(name, i);
      if (!is_new && place->second != i && repeated_name_.empty()) repeated_name_ = name;
    }
  }
}

TlsIdentity::~TlsIdentity() {
  X509_STORE_free(client_roots_);
  sk_X509_NAME_pop_free(client_issuers_, X509_NAME_free);
  ticket_seed_.forget();
}

std::error_code TlsIdentity::require_clients_of(const std::string& ca_file) {
  OUTCRY_ASSERT(client_roots_ == nullptr);
  client_roots_ = X509_STORE_new();
  client_issuers_ = SSL_load_client_CA_file(ca_file.c_str());
  const bool known = client_roots_ != nullptr && client_issuers_ != nullptr &&
                     X509_STORE_load_file(client_roots_, ca_file.c_str()) == 1;
  ERR_clear_error();
  if (!known) return TlsError::client_ca_unreadable;
  STACK_OF(X509)* roots = X509_STORE_get1_all_certs(client_roots_);
  for (int i = 0; i < sk_X509_num(roots); ++i) {
    Digest& digest = client_digests_.emplace_back();
    OUTCRY_ASSERT(X509_digest(sk_X509_value(roots, i), EVP_sha256(), digest.data(), nullptr) == 1);
  }
  sk_X509_pop_free(roots, X509_free);
  std::ranges::sort(client_digests_);
  return {};
}

std::size_t TlsIdentity::find(std::string_view host_name) const {
  if (host_name.size() > kHostNameBytesMax) return 0;
  std::string name(host_name);
  for (char& c : name) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (const auto exact = by_name_.find(name); exact != by_name_.end()) return exact->second;
  // A wildcard stands for one whole label, the first (RFC 6125 §6.4.3).
  const std::size_t dot = name.find('.');
  if (dot == 0 || dot == std::string::npos) return 0;
  const auto wildcard = by_name_.find("*" + name.substr(dot));
  return wildcard == by_name_.end() ? 0 : wildcard->second;
}

bool TlsIdentity::same_as(const TlsIdentity& other) const {
  return version_min_ == other.version_min_ && client_digests_ == other.client_digests_ &&
         std::ranges::equal(certificates_, other.certificates_,
                            [](const auto& a, const auto& b) { return a.same_as(b); });
}

TicketSeed TlsIdentity::ticket_seed() const {
  return ticket_seed_known_ ? ticket_seed_ : TicketSeed::random(steady_now());
}

void TlsIdentity::forget_ticket_seed() noexcept {
  ticket_seed_known_ = false;
  ticket_seed_.forget();
}

bool TlsIdentity::apply(ssl_ctx_st& context, std::size_t certificate) const {
  const int version = version_min_ == TlsVersion::tls_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
  // No renegotiation: it is a handshake at the client's whim; no compression: CRIME. Early data
  // stays off: it can be replayed (RFC 8446 §8).
  SSL_CTX_set_options(&context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_alpn_select_cb(&context, select_protocol, nullptr);
  if (client_roots_ != nullptr) {
    SSL_CTX_set_client_CA_list(&context, SSL_dup_CA_list(client_issuers_));
    SSL_CTX_set_verify(&context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    if (SSL_CTX_set1_verify_cert_store(&context, client_roots_) != 1) return false;
  }
  const bool applied = SSL_CTX_set_min_proto_version(&context, version) == 1 &&
                       SSL_CTX_set_max_proto_version(&context, TLS1_3_VERSION) == 1 &&
                       SSL_CTX_set_max_early_data(&context, 0) == 1 &&
                       SSL_CTX_set_cipher_list(&context, kSuites12) == 1 &&
                       SSL_CTX_set_ciphersuites(&context, kSuites13) == 1 &&
                       SSL_CTX_set1_groups_list(&context, kGroups) == 1 &&
                       certificates_[certificate].apply(context);
  ERR_clear_error();
  return applied;
}

}  // namespace outcry::net
