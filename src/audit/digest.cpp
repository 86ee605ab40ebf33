#include "audit/digest.h"

#include <algorithm>
#include <memory>

#include <openssl/evp.h>

#include "base/assert.h"

namespace outcry::audit {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";

}  // namespace

Digest sha256(std::initializer_list<std::string_view> parts) {
  // Looked up once: OpenSSL 3 searches its providers for each EVP_sha256().
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  OUTCRY_ASSERT(algorithm != nullptr && context != nullptr);
  int done = EVP_DigestInit_ex2(context.get(), algorithm, nullptr);
  for (const std::string_view part : parts) {
    done &= EVP_DigestUpdate(context.get(), part.data(), part.size());
  }
  Digest out;
  done &= EVP_DigestFinal_ex(context.get(), reinterpret_cast<unsigned char*>(out.data()), nullptr);
  OUTCRY_ASSERT(done == 1);
  return out;
}

std::string hex(const Digest& digest) {
  std::string out;
  out.reserve(2 * digest.size());
  for (const std::byte byte : digest) {
    out += kDigits[std::to_integer<unsigned>(byte) >> 4];
    out += kDigits[std::to_integer<unsigned>(byte) & 0xF];
  }
  return out;
}

std::string no_hash() {
  return std::string(2 * std::tuple_size_v<Digest>, '0');
}

bool is_hex_digest(std::string_view text) noexcept {
  return text.size() == 2 * std::tuple_size_v<Digest> &&
         text.find_first_not_of(kDigits) == std::string_view::npos;
}

}  // namespace outcry::audit
