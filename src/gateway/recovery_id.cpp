#include "gateway/recovery_id.h"

#include <algorithm>
#include <span>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/assert.h"
#include "base/base64.h"
#include "base/random.h"
#include "gateway/socket_id.h"

namespace outcry::gateway {
namespace {

constexpr std::size_t kSidBytes = 15;
constexpr std::size_t kNamedBytes = 1 + kSidBytes;
constexpr std::size_t kMacBytes = 16;

using Mac = std::array<unsigned char, kMacBytes>;

/// HMAC-SHA256, of which half is enough: nobody can try many.
Mac mac_of(const RecoveryIds::Key& key, std::string_view named) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> whole;
  unsigned size = 0;
  const auto* made =
      HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
           reinterpret_cast<const unsigned char*>(named.data()), named.size(), whole.data(), &size);
  OUTCRY_ASSERT(made != nullptr && size >= kMacBytes);
  Mac out;
  std::copy_n(whole.begin(), kMacBytes, out.begin());
  return out;
}

}  // namespace

RecoveryIds::Key RecoveryIds::make_key() {
  Key key;
  random_bytes(key);
  return key;
}

std::string RecoveryIds::make(WorkerId worker, std::string_view sid) const {
  const auto raw = base64url_decode(sid);
  OUTCRY_ASSERT(raw && raw->size() == kSidBytes);
  std::string bytes(1, static_cast<char>(worker));
  bytes += *raw;
  for (const unsigned char byte : mac_of(key_, bytes)) bytes += static_cast<char>(byte);
  return base64url_encode(as_bytes(bytes));
}

std::optional<RecoveryIds::Named> RecoveryIds::read(std::string_view pid) const {
  if (pid.size() != kRecoveryIdLength) return std::nullopt;
  const auto bytes = base64url_decode(pid);
  if (!bytes || bytes->size() != kNamedBytes + kMacBytes) return std::nullopt;
  const std::string_view named = std::string_view(*bytes).substr(0, kNamedBytes);
  const Mac mac = mac_of(key_, named);
  if (CRYPTO_memcmp(mac.data(), bytes->data() + kNamedBytes, kMacBytes) != 0) return std::nullopt;
  return Named{.worker = static_cast<WorkerId>(named.front()),
               .sid = base64url_encode(as_bytes(named.substr(1)))};
}

}  // namespace outcry::gateway
