#include "net/tls_identity.h"

#include <ctime>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/assert.h"

namespace outcry::net {
namespace {

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};
using File = std::unique_ptr<BIO, Freed<BIO_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Context = std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>>;

/// Notes that a passphrase was asked for. Without it OpenSSL would ask on the terminal.
int refuse_passphrase(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

std::error_code check_time(const X509& certificate, WallTime now) {
  std::time_t at = std::chrono::system_clock::to_time_t(now);
  if (X509_cmp_time(X509_get0_notBefore(&certificate), &at) >= 0) return TlsError::not_yet_valid;
  if (X509_cmp_time(X509_get0_notAfter(&certificate), &at) <= 0) return TlsError::expired;
  return {};
}

}  // namespace

Result<std::shared_ptr<TlsIdentity>> TlsIdentity::load(const TlsOptions& options, WallTime now) {
  std::shared_ptr<TlsIdentity> identity(new TlsIdentity);
  identity->version_min_ = options.version_min;
  identity->ticket_seed_ = TicketSeed::random(steady_now());
  if (const auto error = identity->read_certificates(options.certificate_file)) return fail(error);
  if (const auto error = identity->read_key(options.key_file)) return fail(error);
  if (const auto error = identity->check(now)) return fail(error);
  return identity;
}

TlsIdentity::~TlsIdentity() {
  X509_free(certificate_);
  sk_X509_pop_free(chain_, X509_free);
  EVP_PKEY_free(key_);
  ticket_seed_.forget();
}

std::error_code TlsIdentity::read_certificates(const std::string& path) {
  const File file(BIO_new_file(path.c_str(), "r"));
  chain_ = sk_X509_new_null();
  while (file && chain_ != nullptr) {
    Certificate certificate(PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr));
    if (!certificate) break;
    if (certificate_ == nullptr) {
      certificate_ = certificate.release();
    } else if (sk_X509_push(chain_, certificate.get()) > 0) {
      (void)certificate.release();  // the chain's from here on
    }
  }
  // The end of a good file is "no start line"; anything else is a certificate cut short.
  const bool whole = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  ERR_clear_error();
  return certificate_ != nullptr && whole ? std::error_code() : TlsError::certificate_unreadable;
}

std::error_code TlsIdentity::read_key(const std::string& path) {
  const File file(BIO_new_file(path.c_str(), "r"));
  bool asked = false;
  if (file) key_ = PEM_read_bio_PrivateKey(file.get(), nullptr, refuse_passphrase, &asked);
  ERR_clear_error();
  if (key_ != nullptr) return {};
  return asked ? TlsError::key_encrypted : TlsError::key_unreadable;
}

std::error_code TlsIdentity::check(WallTime now) const {
  const bool match = X509_check_private_key(certificate_, key_) == 1;
  ERR_clear_error();
  if (!match) return TlsError::mismatch;
  if (const auto error = check_time(*certificate_, now)) return error;
  for (int i = 0; i < sk_X509_num(chain_); ++i) {
    if (const auto error = check_time(*sk_X509_value(chain_, i), now)) return error;
  }
  const Context trial(SSL_CTX_new(TLS_server_method()));
  OUTCRY_ASSERT(trial != nullptr);
  return apply(*trial) ? std::error_code() : TlsError::refused;
}

TicketSeed TlsIdentity::ticket_seed() const {
  return ticket_seed_known_ ? ticket_seed_ : TicketSeed::random(steady_now());
}

void TlsIdentity::forget_ticket_seed() noexcept {
  ticket_seed_known_ = false;
  ticket_seed_.forget();
}

bool TlsIdentity::apply(ssl_ctx_st& context) const {
  const int version = version_min_ == TlsVersion::tls_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION;
  const Key own_key(EVP_PKEY_dup(key_));
  const bool applied =
      own_key && SSL_CTX_set_min_proto_version(&context, version) == 1 &&
      SSL_CTX_set_max_proto_version(&context, TLS1_3_VERSION) == 1 &&
      SSL_CTX_use_cert_and_key(&context, certificate_, own_key.get(), chain_, 1) == 1;
  ERR_clear_error();
  return applied;
}

}  // namespace outcry::net
