#include "net/tls_for_test.h"

#include <array>
#include <fstream>
#include <stdexcept>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "base/assert.h"

namespace outcry::net::test {
namespace {

struct Free {
  void operator()(BIO* bio) const noexcept { BIO_free(bio); }
  void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
  void operator()(X509* certificate) const noexcept { X509_free(certificate); }
  void operator()(X509_EXTENSION* extension) const noexcept { X509_EXTENSION_free(extension); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Certificate = std::unique_ptr<X509, Free>;

Key make_key(int rsa_bits) {
  return Key(rsa_bits > 0 ? EVP_RSA_gen(static_cast<unsigned int>(rsa_bits)) : EVP_EC_gen("P-256"));
}

/// For `key`, signed by `signer`, or by itself.
Certificate sign(const CertificateWish& wish, const char* name, EVP_PKEY* key, X509* issuer,
                 EVP_PKEY* signer) {
  static long serial = 1;
  Certificate out(X509_new());
  X509_set_version(out.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(out.get()), serial++);
  const auto in_seconds = [](std::chrono::hours hours) { return std::chrono::seconds(hours); };
  X509_gmtime_adj(X509_getm_notBefore(out.get()), in_seconds(wish.valid_from).count());
  X509_gmtime_adj(X509_getm_notAfter(out.get()), in_seconds(wish.valid_until).count());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(out.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  X509_set_issuer_name(out.get(), X509_get_subject_name(issuer != nullptr ? issuer : out.get()));
  X509_set_pubkey(out.get(), key);
  if (wish.names != nullptr) {
    const std::unique_ptr<X509_EXTENSION, Free> names(
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, wish.names));
    OUTCRY_ASSERT(names && X509_add_ext(out.get(), names.get(), -1) == 1);
  }
  OUTCRY_ASSERT(X509_sign(out.get(), signer, EVP_sha256()) > 0);
  return out;
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string pem_of(X509* certificate) {
  const std::unique_ptr<BIO, Free> bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(bio.get(), certificate);
  return text_of(bio.get());
}

int keep_session(SSL* ssl, SSL_SESSION* session) {
  auto* kept = static_cast<TlsClient::Session*>(SSL_get_app_data(ssl));
  *kept = TlsClient::Session(session, TlsClient::FreeSession{});
  return 1;
}

}  // namespace

Pem make_certificate(const CertificateWish& wish) {
  const Key key = make_key(wish.rsa_bits);
  const Key signer = wish.intermediate ? make_key(0) : nullptr;
  Certificate issuer;
  if (signer) issuer = sign(wish, "an intermediate", signer.get(), nullptr, signer.get());
  EVP_PKEY* with = signer ? signer.get() : key.get();
  const Certificate certificate = sign(wish, "localhost", key.get(), issuer.get(), with);

  Pem out{.certificate = pem_of(certificate.get())};
  if (issuer) out.certificate += pem_of(issuer.get());
  const std::unique_ptr<BIO, Free> bio(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(bio.get(), key.get(), wish.passphrase ? EVP_aes_256_cbc() : nullptr,
                           nullptr, 0, nullptr, const_cast<char*>(wish.passphrase));
  out.key = text_of(bio.get());
  return out;
}

TestDirectory::TestDirectory() {
  std::string name = std::filesystem::temp_directory_path() / "outcry-tls-XXXXXX";
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary directory");
  path_ = name;
}

TestDirectory::~TestDirectory() {
  std::error_code ignored;  // a leftover in the temporary directory harms no other test
  std::filesystem::remove_all(path_, ignored);
}

std::string TestDirectory::write(std::string_view name, std::string_view content) const {
  std::ofstream(path_ / name, std::ios::binary) << content;
  return path_ / name;
}

TlsCertificate load_certificate(const Pem& pem) {
  const TestDirectory directory;
  auto loaded =
      TlsCertificate::load({.certificate = directory.write("certificate.pem", pem.certificate),
                            .key = directory.write("key.pem", pem.key)},
                           wall_now());
  if (!loaded) throw std::system_error(loaded.error());
  return std::move(*loaded);
}

std::shared_ptr<TlsIdentity> make_identity(TlsVersion version_min) {
  std::vector<TlsCertificate> one;
  one.push_back(load_certificate(make_certificate()));
  return std::make_shared<TlsIdentity>(std::move(one), version_min);
}

std::shared_ptr<TlsIdentity> make_identity(const std::vector<std::vector<std::string>>& names) {
  std::vector<TlsCertificate> all;
  for (const auto& of_one : names) {
    std::string text;
    for (const std::string& name : of_one) text += (text.empty() ? "DNS:" : ",DNS:") + name;
    all.push_back(load_certificate(make_certificate({.names = text.c_str()})));
  }
  return std::make_shared<TlsIdentity>(std::move(all));
}

void TlsClient::FreeSession::operator()(ssl_session_st* session) const noexcept {
  SSL_SESSION_free(session);
}

TlsClient::TlsClient(const Options& options)
    : context_(SSL_CTX_new(TLS_client_method())), ssl_(nullptr) {
  SSL_CTX_set_verify(context_, SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context_, keep_session);
  if (!options.middlebox) SSL_CTX_clear_options(context_, SSL_OP_ENABLE_MIDDLEBOX_COMPAT);
  SSL_CTX_set_security_level(context_, 0);  // a client from before our times may ask
  SSL_CTX_set_min_proto_version(context_, options.version);
  SSL_CTX_set_max_proto_version(context_, options.version);
  ssl_ = SSL_new(context_);
  SSL_set_app_data(ssl_, &session_);
  SSL_set_bio(ssl_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_set_connect_state(ssl_);
  if (options.host != nullptr) SSL_set_tlsext_host_name(ssl_, options.host);
  if (options.session) SSL_set_session(ssl_, options.session.get());
  if (!options.protocols.empty()) {
    SSL_set_alpn_protos(ssl_, reinterpret_cast<const unsigned char*>(options.protocols.data()),
                        static_cast<unsigned int>(options.protocols.size()));
  }
  advance();
}

TlsClient::~TlsClient() {
  SSL_free(ssl_);
  SSL_CTX_free(context_);
}

void TlsClient::feed(std::string_view sealed) {
  BIO_write(SSL_get_rbio(ssl_), sealed.data(), static_cast<int>(sealed.size()));
  advance();
}

std::string TlsClient::output() {
  BIO* bio = SSL_get_wbio(ssl_);
  std::string out = text_of(bio);
  (void)BIO_reset(bio);
  return out;
}

void TlsClient::send(std::string_view plaintext) {
  waiting_ += plaintext;
  advance();
}

void TlsClient::close() {
  SSL_shutdown(ssl_);
}

void TlsClient::renegotiate() {
  if (version() == TLS1_3_VERSION) {
    SSL_key_update(ssl_, SSL_KEY_UPDATE_REQUESTED);
  } else {
    SSL_renegotiate(ssl_);
  }
  SSL_do_handshake(ssl_);
  ERR_clear_error();
}

bool TlsClient::established() const {
  return SSL_is_init_finished(ssl_) == 1;
}

bool TlsClient::resumed() const {
  return SSL_session_reused(ssl_) == 1;
}

int TlsClient::version() const {
  return SSL_version(ssl_);
}

std::string TlsClient::protocol() const {
  const unsigned char* name = nullptr;
  unsigned int size = 0;
  SSL_get0_alpn_selected(ssl_, &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

std::string TlsClient::server_name() const {
  X509* certificate = SSL_get1_peer_certificate(ssl_);
  if (certificate == nullptr) return {};
  std::string out;
  auto* names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  const ASN1_STRING* text =
      names != nullptr
          ? sk_GENERAL_NAME_value(names, 0)->d.dNSName
          : X509_NAME_ENTRY_get_data(X509_NAME_get_entry(X509_get_subject_name(certificate), 0));
  out.assign(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
             static_cast<std::size_t>(ASN1_STRING_length(text)));
  GENERAL_NAMES_free(names);
  X509_free(certificate);
  return out;
}

void TlsClient::advance() {
  ERR_clear_error();
  std::array<char, 16'384> buffer;
  int got = 0;
  while ((got = SSL_read(ssl_, buffer.data(), buffer.size())) > 0) {
    received.append(buffer.data(), static_cast<std::size_t>(got));
  }
  const int error = SSL_get_error(ssl_, got);
  closed_ = closed_ || error == SSL_ERROR_ZERO_RETURN;
  failed_ = failed_ || error == SSL_ERROR_SSL;
  if (established() && !waiting_.empty()) {
    failed_ = SSL_write(ssl_, waiting_.data(), static_cast<int>(waiting_.size())) <= 0 || failed_;
    waiting_.clear();
  }
  ERR_clear_error();
}

}  // namespace outcry::net::test
