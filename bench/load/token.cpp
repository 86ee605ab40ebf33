#include "load/token.h"

#include <array>
#include <cstddef>
#include <span>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/assert.h"
#include "base/base64.h"
#include "base/bytes.h"

namespace outcry::bench {

std::string mint_token(std::string_view secret, std::string_view user, std::int64_t issued_at,
                       std::int64_t expires_at) {
  const std::string header = base64url_encode(as_bytes(R"({"alg":"HS256","typ":"JWT"})"));
  const std::string claims =
      fmt::format(R"({{"user_id":"{}","iat":{},"exp":{}}})", user, issued_at, expires_at);
  std::string token = header + '.' + base64url_encode(as_bytes(claims));

  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int digest_bytes = 0;
  const unsigned char* signed_to =
      HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
           reinterpret_cast<const unsigned char*>(token.data()), token.size(), digest.data(),
           &digest_bytes);
  OUTCRY_ASSERT(signed_to != nullptr);
  token.push_back('.');
  token += base64url_encode(std::as_bytes(std::span(digest.data(), digest_bytes)));
  return token;
}

}  // namespace outcry::bench
