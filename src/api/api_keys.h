// api/api_keys.h — whether a caller presented one of the configured keys.
//
// Several keys are valid at a time, so that one can be replaced without an outage. Digests are
// compared, all of them and in constant time: neither a key's length nor its first bytes can be
// measured from outside, and the keys themselves don't stay in memory here.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace outcry::api {

class ApiKeys {
 public:
  /// Empty keys are left out; without keys nothing matches.
  explicit ApiKeys(std::span<const std::string> keys);

  [[nodiscard]] bool matches(std::string_view presented) const;

  /// What a key is called in records: the first 12 hexadecimal digits of its SHA-256, by which
  /// whoever has the key finds it, and nobody else guesses one of 16 random bytes.
  [[nodiscard]] static std::string id_of(std::string_view key);

 private:
  using Digest = std::array<unsigned char, 32>;
  static Digest digest(std::string_view key);

  std::vector<Digest> digests_;
};

}  // namespace outcry::api
