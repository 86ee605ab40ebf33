#include "base/text_hash.h"

#include <bit>

#include "base/random.h"

namespace outcry {
namespace {

std::uint64_t load_little_endian(const std::byte* from, std::size_t count) noexcept {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < count; ++i) out |= std::to_integer<std::uint64_t>(from[i]) << 8 * i;
  return out;
}

/// SipHash's §2.2.
struct State {
  std::uint64_t v0, v1, v2, v3;

  void rounds(int count) noexcept {
    while (count-- > 0) {
      v0 += v1;
      v2 += v3;
      v1 = std::rotl(v1, 13) ^ v0;
      v3 = std::rotl(v3, 16) ^ v2;
      v0 = std::rotl(v0, 32);
      v2 += v1;
      v0 += v3;
      v1 = std::rotl(v1, 17) ^ v2;
      v3 = std::rotl(v3, 21) ^ v0;
      v2 = std::rotl(v2, 32);
    }
  }
  void absorb(std::uint64_t word) noexcept {
    v3 ^= word;
    rounds(2);
    v0 ^= word;
  }
};

}  // namespace

SipKey SipKey::of(const Secret& secret) noexcept {
  return {.k0 = load_little_endian(secret.data(), 8),
          .k1 = load_little_endian(secret.data() + 8, 8)};
}

SipKey SipKey::random() noexcept {
  Secret secret;
  random_bytes(secret);
  return of(secret);
}

std::uint64_t sip_hash(const SipKey& key, Bytes bytes) noexcept {
  State state{key.k0 ^ 0x736f6d6570736575, key.k1 ^ 0x646f72616e646f6d, key.k0 ^ 0x6c7967656e657261,
              key.k1 ^ 0x7465646279746573};
  const std::size_t whole = bytes.size() / 8 * 8;
  for (std::size_t at = 0; at < whole; at += 8) {
    state.absorb(load_little_endian(bytes.data() + at, 8));
  }
  const std::uint64_t rest = load_little_endian(bytes.data() + whole, bytes.size() - whole);
  state.absorb(rest | std::uint64_t{bytes.size()} << 56);
  state.v2 ^= 0xFF;
  state.rounds(4);
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

std::uint64_t hash_text(std::string_view text) noexcept {
  static const SipKey key = SipKey::random();
  return sip_hash(key, as_bytes(text));
}

TextDigest digest_text(std::string_view text) noexcept {
  static const std::array keys{SipKey::random(), SipKey::random()};
  return {.first = sip_hash(keys[0], as_bytes(text)), .second = sip_hash(keys[1], as_bytes(text))};
}

}  // namespace outcry
