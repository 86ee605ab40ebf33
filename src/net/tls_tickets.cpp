#include "net/tls_tickets.h"

#include <algorithm>
#include <string_view>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "base/assert.h"

namespace outcry::net {
namespace {

using Bytes32 = std::array<unsigned char, 32>;

/// HMAC-SHA-256 of the purpose under the secret: independent values from one secret.
Bytes32 derive(const Bytes32& secret, std::string_view purpose) {
  Bytes32 out{};
  unsigned int size = 0;
  const auto* data = reinterpret_cast<const unsigned char*>(purpose.data());
  OUTCRY_ASSERT(HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), data,
                     purpose.size(), out.data(), &size) != nullptr);
  OUTCRY_ASSERT(size == out.size());
  return out;
}

TicketKeys::Key key_of(const Bytes32& link) {
  TicketKeys::Key key{.cipher = derive(link, "cipher"), .mac = derive(link, "mac")};
  const Bytes32 name = derive(link, "name");
  std::copy_n(name.begin(), key.name.size(), key.name.begin());
  return key;
}

}  // namespace

TicketSeed TicketSeed::random(TimePoint now) {
  TicketSeed seed{.began = now};
  OUTCRY_ASSERT(RAND_bytes(seed.secret.data(), static_cast<int>(seed.secret.size())) == 1);
  return seed;
}

void TicketSeed::forget() noexcept {
  OPENSSL_cleanse(secret.data(), secret.size());
}

TicketKeys::TicketKeys(const TicketSeed& seed)
    : link_(derive(seed.secret, "first link")),
      next_(seed.began + kPeriod),
      newest_(key_of(link_)),
      previous_(newest_) {}

TicketKeys::~TicketKeys() {
  OPENSSL_cleanse(link_.data(), link_.size());
  OPENSSL_cleanse(&newest_, sizeof(newest_));
  OPENSSL_cleanse(&previous_, sizeof(previous_));
}

void TicketKeys::advance(TimePoint now) {
  for (; now >= next_; next_ += kPeriod) {
    link_ = derive(link_, "next link");
    previous_ = newest_;
    newest_ = key_of(link_);
  }
}

const TicketKeys::Key& TicketKeys::newest(TimePoint now) {
  advance(now);
  return newest_;
}

const TicketKeys::Key* TicketKeys::find(std::span<const unsigned char, 16> name, TimePoint now) {
  advance(now);
  for (const Key* key : {&newest_, &previous_}) {
    if (std::ranges::equal(name, key->name)) return key;
  }
  return nullptr;
}

}  // namespace outcry::net
