#include "audit/signing_key.h"

#include <array>
#include <cerrno>
#include <sys/stat.h>

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <unistd.h>

#include "audit/audit_error.h"
#include "audit/audit_files.h"
#include "base/assert.h"
#include "base/base64.h"
#include "base/bytes.h"

namespace outcry::audit {
namespace {

constexpr std::size_t kKeyBytes = 32;
constexpr std::size_t kSignatureBytes = 64;
constexpr std::size_t kPemBytesMax = 4096;

using Bio = std::unique_ptr<BIO, decltype(&BIO_free_all)>;

EVP_PKEY* pkey(const std::shared_ptr<void>& key) {
  return static_cast<EVP_PKEY*>(key.get());
}

std::shared_ptr<void> own(EVP_PKEY* key) {
  return {key, [](void* of) { EVP_PKEY_free(static_cast<EVP_PKEY*>(of)); }};
}

/// Null unless it is of the one kind that is used here.
std::shared_ptr<void> own_ed25519(EVP_PKEY* key) {
  auto out = own(key);
  const bool fits = key != nullptr && EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519;
  return fits ? out : nullptr;
}

Bio reading(std::string_view text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free_all};
}

std::string written(const Bio& bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

std::string private_pem(EVP_PKEY* key) {
  const Bio out(BIO_new(BIO_s_mem()), BIO_free_all);
  OUTCRY_ASSERT(
      PEM_write_bio_PKCS8PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return written(out);
}

/// A passphrase is never asked for on the terminal.
int no_passphrase(char*, int, int, void*) {
  return -1;
}

}  // namespace

// ---- Public ----

Result<PublicKey> PublicKey::from_pem(std::string_view pem) {
  if (pem.size() > kPemBytesMax) return fail(AuditError::bad_key);
  auto key = own_ed25519(PEM_read_bio_PUBKEY(reading(pem).get(), nullptr, no_passphrase, nullptr));
  if (!key) return fail(AuditError::bad_key);
  return PublicKey(std::move(key));
}

std::optional<PublicKey> PublicKey::from_base64(std::string_view text) {
  const auto raw = base64_decode(text);
  if (!raw || raw->size() != kKeyBytes) return std::nullopt;
  auto key = own(EVP_PKEY_new_raw_public_key(
      EVP_PKEY_ED25519, nullptr, reinterpret_cast<const unsigned char*>(raw->data()), raw->size()));
  if (!key) return std::nullopt;
  return PublicKey(std::move(key));
}

std::string PublicKey::base64() const {
  std::array<std::byte, kKeyBytes> raw{};
  std::size_t size = raw.size();
  const int done =
      EVP_PKEY_get_raw_public_key(pkey(key_), reinterpret_cast<unsigned char*>(raw.data()), &size);
  OUTCRY_ASSERT(done == 1 && size == raw.size());
  return base64_encode(raw);
}

std::string PublicKey::pem() const {
  const Bio out(BIO_new(BIO_s_mem()), BIO_free_all);
  OUTCRY_ASSERT(PEM_write_bio_PUBKEY(out.get(), pkey(key_)) == 1);
  return written(out);
}

bool PublicKey::verifies(std::string_view message, std::string_view signature) const {
  const auto raw = base64_decode(signature);
  if (!raw || raw->size() != kSignatureBytes) return false;
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  return EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, pkey(key_)) == 1 &&
         EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(raw->data()),
                          raw->size(), reinterpret_cast<const unsigned char*>(message.data()),
                          message.size()) == 1;
}

// ---- Secret ----

Result<SigningKey> SigningKey::load_or_make(const std::filesystem::path& path) {
  auto key = load(path);
  if (key || key.error() != std::errc::no_such_file_or_directory) return key;
  return make(path);
}

Result<SigningKey> SigningKey::load(const std::filesystem::path& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0) return fail({errno, std::generic_category()});
  if ((status.st_mode & (S_IRWXG | S_IRWXO)) != 0) return fail(AuditError::key_readable);
  const auto pem = read_file(path, kPemBytesMax);
  if (!pem) return fail(pem.error());
  auto key =
      own_ed25519(PEM_read_bio_PrivateKey(reading(*pem).get(), nullptr, no_passphrase, nullptr));
  if (!key) return fail(AuditError::bad_key);
  return SigningKey(std::move(key));
}

Result<SigningKey> SigningKey::make(const std::filesystem::path& path) {
  SigningKey out(own(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519")));
  OUTCRY_ASSERT(out.key_ != nullptr);
  out.is_new_ = true;
  if (const auto error = write_file(path, private_pem(pkey(out.key_)), 0600)) return fail(error);
  return out;
}

std::string SigningKey::sign(std::string_view message) const {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  std::array<std::byte, kSignatureBytes> raw{};
  std::size_t size = raw.size();
  const int begun = EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, pkey(key_));
  const int done =
      EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(raw.data()), &size,
                     reinterpret_cast<const unsigned char*>(message.data()), message.size());
  OUTCRY_ASSERT(begun == 1 && done == 1 && size == raw.size());
  return base64_encode(raw);
}

PublicKey SigningKey::public_key() const {
  auto key = PublicKey::from_pem([this] {
    const Bio out(BIO_new(BIO_s_mem()), BIO_free_all);
    OUTCRY_ASSERT(PEM_write_bio_PUBKEY(out.get(), pkey(key_)) == 1);
    return written(out);
  }());
  OUTCRY_ASSERT(key.has_value());
  return *std::move(key);
}

}  // namespace outcry::audit
