// limits/key_hash.h — users and addresses as numbers that nobody outside can aim at.
//
//   "alice", 2001:db8::/64  ─▶  SipHash-2-4 under a key of this process  ─▶  64 bits
//
// Limits keep a number for each user and address instead of a text. The key is random and never
// leaves the process, so nobody can choose names that fall together: in one bucket of a table, or
// under one count. That two of a million fall together by chance is one in thirty million, and then
// they share a limit.
//
// Thread: immutable; the workers and the control thread have the same one.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/text_hash.h"

namespace outcry::limits {

/// A user or an address. 0 is nobody: it is never counted and never refused.
using Key = std::uint64_t;
inline constexpr Key kNobody = 0;

class KeyHash {
 public:
  explicit KeyHash(const SipKey& key) noexcept : key_(key) {}
  /// With a secret of the system's random source.
  [[nodiscard]] static KeyHash random() noexcept;

  /// Never kNobody.
  [[nodiscard]] Key operator()(Bytes bytes) const noexcept;
  [[nodiscard]] Key operator()(std::string_view text) const noexcept {
    return (*this)(as_bytes(text));
  }

 private:
  SipKey key_;
};

}  // namespace outcry::limits
