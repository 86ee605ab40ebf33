#include "api/api_keys.h"

#include <iterator>

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/assert.h"

namespace outcry::api {

ApiKeys::ApiKeys(std::span<const std::string> keys) {
  for (const std::string& key : keys) {
    if (!key.empty()) digests_.push_back(digest(key));
  }
}

bool ApiKeys::matches(std::string_view presented) const {
  const Digest wanted = digest(presented);
  int matching = 0;
  for (const Digest& known : digests_) {
    matching |= static_cast<int>(CRYPTO_memcmp(known.data(), wanted.data(), wanted.size()) == 0);
  }
  return matching != 0;
}

std::string ApiKeys::id_of(std::string_view key) {
  constexpr std::size_t kBytes = 6;
  const Digest whole = digest(key);
  std::string out;
  for (std::size_t i = 0; i < kBytes; ++i)
    fmt::format_to(std::back_inserter(out), "{:02x}", whole[i]);
  return out;
}

ApiKeys::Digest ApiKeys::digest(std::string_view key) {
  Digest out{};
  unsigned size = 0;
  const int done = EVP_Digest(key.data(), key.size(), out.data(), &size, EVP_sha256(), nullptr);
  OUTCRY_ASSERT(done == 1 && size == out.size());
  return out;
}

}  // namespace outcry::api
