#include "net/tls_certificate.h"

#include <algorithm>
#include <ctime>
#include <memory>
#include <string_view>
#include <utility>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "base/assert.h"
#include "base/freed.h"

namespace outcry::net {
namespace {

using File = std::unique_ptr<BIO, Freed<BIO_free>>;
using Certificate = std::unique_ptr<X509, Freed<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>>;
using Context = std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, Freed<GENERAL_NAMES_free>>;

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

WallTime to_wall_time(const ASN1_TIME* time) {
  std::tm parts{};
  OUTCRY_ASSERT(ASN1_TIME_to_tm(time, &parts) == 1);  // check_time() has read it
  return WallTime(std::chrono::seconds(::timegm(&parts)));
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::vector<std::string> host_names(const X509& certificate) {
  std::vector<std::string> out;
  const Names names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_DNS) continue;
    const auto* bytes = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName));
    const auto size = static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName));
    out.push_back(lower({bytes, size}));
  }
  return out;
}

std::string common_name(const X509& certificate) {
  std::array<char, 256> text{};
  const int size = X509_NAME_get_text_by_NID(X509_get_subject_name(&certificate), NID_commonName,
                                             text.data(), text.size());
  return size > 0 ? std::string(text.data(), static_cast<std::size_t>(size)) : "unnamed";
}

}  // namespace

Result<TlsCertificate> TlsCertificate::load(const Files& files, WallTime now) {
  TlsCertificate out;
  if (const auto error = out.read_certificates(files.certificate)) return fail(error);
  if (const auto error = out.read_key(files.key)) return fail(error);
  if (const auto error = out.check(now)) return fail(error);
  out.read_facts();
  return out;
}

TlsCertificate::TlsCertificate(TlsCertificate&& other) noexcept
    : certificate_(std::exchange(other.certificate_, nullptr)),
      chain_(std::exchange(other.chain_, nullptr)),
      key_(std::exchange(other.key_, nullptr)),
      names_(std::move(other.names_)),
      label_(std::move(other.label_)),
      not_before_(other.not_before_),
      not_after_(other.not_after_),
      digest_(other.digest_) {}

TlsCertificate::~TlsCertificate() {
  X509_free(certificate_);
  sk_X509_pop_free(chain_, X509_free);
  EVP_PKEY_free(key_);
}

std::error_code TlsCertificate::read_certificates(const std::string& path) {
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

std::error_code TlsCertificate::read_key(const std::string& path) {
  const File file(BIO_new_file(path.c_str(), "r"));
  bool asked = false;
  if (file) key_ = PEM_read_bio_PrivateKey(file.get(), nullptr, refuse_passphrase, &asked);
  ERR_clear_error();
  if (key_ != nullptr) return {};
  return asked ? TlsError::key_encrypted : TlsError::key_unreadable;
}

std::error_code TlsCertificate::check(WallTime now) const {
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

void TlsCertificate::read_facts() {
  names_ = host_names(*certificate_);
  label_ = names_.empty() ? common_name(*certificate_) : names_.front();
  not_before_ = to_wall_time(X509_get0_notBefore(certificate_));
  not_after_ = to_wall_time(X509_get0_notAfter(certificate_));
  std::vector<unsigned char> digests(digest_.size());
  OUTCRY_ASSERT(X509_digest(certificate_, EVP_sha256(), digests.data(), nullptr) == 1);
  for (int i = 0; i < sk_X509_num(chain_); ++i) {
    const X509* issuer = sk_X509_value(chain_, i);
    not_after_ = std::min(not_after_, to_wall_time(X509_get0_notAfter(issuer)));
    digests.resize(digests.size() + digest_.size());
    unsigned char* into = digests.data() + digests.size() - digest_.size();
    OUTCRY_ASSERT(X509_digest(issuer, EVP_sha256(), into, nullptr) == 1);
  }
  OUTCRY_ASSERT(EVP_Digest(digests.data(), digests.size(), digest_.data(), nullptr, EVP_sha256(),
                           nullptr) == 1);
}

bool TlsCertificate::apply(ssl_ctx_st& context) const {
  const Key own_key(EVP_PKEY_dup(key_));
  const bool applied =
      own_key && SSL_CTX_use_cert_and_key(&context, certificate_, own_key.get(), chain_, 1) == 1;
  ERR_clear_error();
  return applied;
}

}  // namespace outcry::net
