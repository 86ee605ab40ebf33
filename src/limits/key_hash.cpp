#include "limits/key_hash.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/random.h"

namespace outcry::limits {
namespace {

std::uint64_t load_little_endian(const std::byte* from, std::size_t count) noexcept {
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < count; ++i) out |= std::to_integer<std::uint64_t>(from[i]) << 8 * i;
  return out;
}

/// SipHash (Aumasson, Bernstein 2012), §2.2.
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

KeyHash::KeyHash(const Secret& secret) noexcept
    : k0_(load_little_endian(secret.data(), 8)), k1_(load_little_endian(secret.data() + 8, 8)) {}

KeyHash KeyHash::random() noexcept {
  Secret secret;
  random_bytes(secret);
  return KeyHash(secret);
}

Key KeyHash::operator()(Bytes bytes) const noexcept {
  State state{k0_ ^ 0x736f6d6570736575, k1_ ^ 0x646f72616e646f6d, k0_ ^ 0x6c7967656e657261,
              k1_ ^ 0x7465646279746573};
  const std::size_t whole = bytes.size() / 8 * 8;
  for (std::size_t at = 0; at < whole; at += 8) {
    state.absorb(load_little_endian(bytes.data() + at, 8));
  }
  const std::uint64_t rest = load_little_endian(bytes.data() + whole, bytes.size() - whole);
  state.absorb(rest | std::uint64_t{bytes.size()} << 56);
  state.v2 ^= 0xFF;
  state.rounds(4);
  const std::uint64_t hash = state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
  return std::max<std::uint64_t>(hash, 1);
}

}  // namespace outcry::limits
