#include "api/api_keys.h"

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

ApiKeys::Digest ApiKeys::digest(std::string_view key) {
  Digest out{};
  unsigned size = 0;
  const int done = EVP_Digest(key.data(), key.size(), out.data(), &size, EVP_sha256(), nullptr);
  OUTCRY_ASSERT(done == 1 && size == out.size());
  return out;
}

}  // namespace outcry::api
