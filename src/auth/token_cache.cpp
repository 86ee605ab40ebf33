#include "auth/token_cache.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

#include <openssl/evp.h>

#include "base/assert.h"
#include "base/random.h"

namespace outcry::auth {
namespace {

constexpr std::size_t kWays = 8;
constexpr std::size_t kSaltBytes = 32;

struct FreeDigest {
  void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};

}  // namespace

/// The digest's context is made once and used again: no allocation and no look-up for a token.
class TokenCache::Hash {
 public:
  Hash() : digest_(EVP_MD_fetch(nullptr, "SHA256", nullptr)), context_(EVP_MD_CTX_new()) {
    if (digest_ == nullptr || !context_) throw std::runtime_error("OpenSSL offers no SHA-256");
    random_bytes(std::as_writable_bytes(std::span(salt_)));
  }
  ~Hash() { EVP_MD_free(digest_); }
  Hash(const Hash&) = delete;
  Hash& operator=(const Hash&) = delete;

  [[nodiscard]] TokenKey operator()(std::string_view token) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> sum;
    const bool done = EVP_DigestInit_ex2(context_.get(), digest_, nullptr) == 1 &&
                      EVP_DigestUpdate(context_.get(), salt_.data(), salt_.size()) == 1 &&
                      EVP_DigestUpdate(context_.get(), token.data(), token.size()) == 1 &&
                      EVP_DigestFinal_ex(context_.get(), sum.data(), nullptr) == 1;
    OUTCRY_ASSERT(done);  // it allocates nothing and does no I/O: nothing a peer sends can fail it
    TokenKey key;
    std::memcpy(key.data(), sum.data(), sizeof(key));
    return key;
  }

 private:
  EVP_MD* digest_;
  std::unique_ptr<EVP_MD_CTX, FreeDigest> context_;
  std::array<unsigned char, kSaltBytes> salt_{};
};

TokenCache::TokenCache(SharedVerifier verifier, std::size_t entries_max)
    : verifier_(std::move(verifier)),
      hash_(std::make_unique<Hash>()),
      ways_(std::clamp<std::size_t>(entries_max, 1, kWays)),
      entries_(entries_max / ways_ * ways_) {}

TokenCache::~TokenCache() = default;

auto TokenCache::verify(std::string_view jwt, WallTime now) -> Result<SharedClaims> {
  const bool readable = !jwt.empty() && jwt.size() <= verifier_->token_bytes_max();
  if (entries_.empty() || !readable) return verify_anew(jwt, now);
  const TokenKey key = (*hash_)(jwt);
  if (SharedClaims known = find(key, now)) return known;
  auto claims = verify_anew(jwt, now);
  if (claims) keep(key, *claims, now);
  return claims;
}

auto TokenCache::verify_anew(std::string_view jwt, WallTime now) const -> Result<SharedClaims> {
  auto verified = verifier_->verify(jwt, now);
  if (!verified) return fail(verified.error());
  return std::make_shared<const Claims>(*std::move(verified));
}

/// Null if it isn't known, or not surely valid at `now`: then verifying tells, and names the cause.
auto TokenCache::find(const TokenKey& key, WallTime now) -> SharedClaims {
  ++lookups_;
  for (Entry& entry : set_of(key)) {
    if (entry.claims == nullptr || entry.key != key) continue;
    if (now < entry.verified_at || now >= entry.valid_until) {
      release(entry);
      break;
    }
    entry.used = lookups_;
    ++stats_.hits;
    return entry.claims;
  }
  ++stats_.misses;
  return nullptr;
}

std::span<TokenCache::Entry> TokenCache::set_of(const TokenKey& key) noexcept {
  const std::size_t sets = entries_.size() / ways_;
  return std::span(entries_).subspan(key[0] % sets * ways_, ways_);
}

void TokenCache::keep(const TokenKey& key, const SharedClaims& claims, WallTime now) {
  // A free place has never been used, or was given up: its `used` is 0, the least.
  Entry& entry = *std::ranges::min_element(set_of(key), {}, &Entry::used);
  if (entry.claims != nullptr) {
    release(entry);
    ++stats_.evicted;
  }
  entry = {.key = key,
           .claims = claims,
           .verified_at = now,
           .valid_until = verifier_->valid_until(*claims),
           .used = lookups_};
  ++stats_.entries;
}

void TokenCache::release(Entry& entry) noexcept {
  entry = {};
  --stats_.entries;
}

void TokenCache::use(SharedVerifier verifier, bool forgets) noexcept {
  verifier_ = std::move(verifier);
  if (forgets) clear();
}

std::size_t TokenCache::forget(const std::function<bool(const Claims&)>& is_revoked) {
  std::size_t forgotten = 0;
  for (Entry& entry : entries_) {
    if (entry.claims == nullptr || !is_revoked(*entry.claims)) continue;
    release(entry);
    ++forgotten;
  }
  return forgotten;
}

void TokenCache::clear() noexcept {
  std::ranges::fill(entries_, Entry{});
  stats_.entries = 0;
}

}  // namespace outcry::auth
