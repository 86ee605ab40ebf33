// audit/signing_key.h — the Ed25519 key (RFC 8032) that signs a trail, and its public half.
//
//   signing key   a PEM file (PKCS #8), mode 0600, made at the first start   the gateway's alone
//   public key    a PEM file, or 44 characters of Base64 in the trail        everybody's
//
// Foreign tools read both: `openssl pkey -in audit.key -pubout`.
// Immutable. Thread: any.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace outcry::audit {

class PublicKey {
 public:
  /// Errors: AuditError::bad_key.
  [[nodiscard]] static Result<PublicKey> from_pem(std::string_view pem);
  /// The 32 bytes as padded Base64.
  [[nodiscard]] static std::optional<PublicKey> from_base64(std::string_view text);

  [[nodiscard]] std::string base64() const;
  [[nodiscard]] std::string pem() const;
  /// `signature`: padded Base64, in its one form.
  [[nodiscard]] bool verifies(std::string_view message, std::string_view signature) const;

 private:
  explicit PublicKey(std::shared_ptr<void> key) : key_(std::move(key)) {}

  std::shared_ptr<void> key_;  // an EVP_PKEY
};

class SigningKey {
 public:
  /// Reads the key, or makes one if there is no such file. Errors: AuditError, and the system's.
  [[nodiscard]] static Result<SigningKey> load_or_make(const std::filesystem::path& path);
  /// Reads the key. Errors: likewise.
  [[nodiscard]] static Result<SigningKey> load(const std::filesystem::path& path);

  /// Padded Base64: 88 characters.
  [[nodiscard]] std::string sign(std::string_view message) const;
  [[nodiscard]] PublicKey public_key() const;
  /// load_or_make() has made it.
  [[nodiscard]] bool is_new() const noexcept { return is_new_; }

 private:
  explicit SigningKey(std::shared_ptr<void> key) : key_(std::move(key)) {}
  [[nodiscard]] static Result<SigningKey> make(const std::filesystem::path& path);

  std::shared_ptr<void> key_;  // an EVP_PKEY
  bool is_new_ = false;
};

}  // namespace outcry::audit
