// base/text_hash.h — a hash of texts that nobody outside can aim at.
//
//   "symbol_EURUSD"  ─▶  SipHash-2-4 under a key of this process  ─▶  64 bits
//
// Clients choose the names of rooms and objects that they ask about. Under a hash that everybody
// can compute (std::hash is one) somebody makes thousands of names that fall together, and every
// look-up in that table then reads all of them (docs/decisions/0018-keyed-hashes.md). The key is
// random and never leaves the process; so these numbers mean nothing to another one: never store
// them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"

namespace outcry {

struct SipKey {
  std::uint64_t k0 = 0;
  std::uint64_t k1 = 0;

  using Secret = std::array<std::byte, 16>;
  [[nodiscard]] static SipKey of(const Secret& secret) noexcept;
  /// Of the system's random source.
  [[nodiscard]] static SipKey random() noexcept;
};

/// SipHash-2-4 (Aumasson, Bernstein 2012). Pure.
[[nodiscard]] std::uint64_t sip_hash(const SipKey& key, Bytes bytes) noexcept;

/// Under the key of this process. Any thread.
[[nodiscard]] std::uint64_t hash_text(std::string_view text) noexcept;

/// Stands for a text in a table that doesn't keep it. Two texts with the same digest would be one;
/// who doesn't know the keys has to try 2^128 / entries of them on line.
struct TextDigest {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
  bool operator==(const TextDigest&) const = default;
};

/// Under two keys of this process. Any thread.
[[nodiscard]] TextDigest digest_text(std::string_view text) noexcept;

/// For tables by digest, whose bits are as good as any hash of them.
struct HashOfDigest {
  using is_avalanching = void;
  std::size_t operator()(const TextDigest& digest) const noexcept { return digest.first; }
};

}  // namespace outcry
