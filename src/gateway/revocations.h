// gateway/revocations.h — tokens that their issuer has taken back, until they would have ended.
//
//   jti, session, user ─▶ SipHash under this process's key ─▶ {until, issued_before}
//
// Control has one table, which decides what is news, and each worker a copy, which CONNECT and
// every new token are looked up in. Texts aren't kept: 24 bytes an entry, whatever it names. That
// two names of a hundred thousand fall together by chance is one in a billion, and nobody outside
// can make them.
//
// Bounded: a revocation beyond the limit ends the sockets that are there, and isn't remembered;
// whoever asked for it is told. Thread: its owner's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "auth/token_verifier.h"
#include "base/clock.h"
#include "gateway/operations.h"
#include "limits/key_hash.h"

namespace outcry::gateway {

/// What a socket keeps of its token to be found by; limits::kNobody: it has no such claim.
struct TokenMarks {
  limits::Key jti = limits::kNobody;
  limits::Key session = limits::kNobody;
  std::int64_t issued_at_ms = 0;  // 0: it doesn't say, and counts as old
};

[[nodiscard]] limits::Key revocation_key(const limits::KeyHash& hash, RevocationKind kind,
                                         std::string_view value) noexcept;
[[nodiscard]] TokenMarks token_marks(const limits::KeyHash& hash,
                                     const auth::Claims& claims) noexcept;

struct Revocation {
  limits::Key key = limits::kNobody;
  WallTime until{};
  WallTime issued_before = WallTime::max();  // max: whenever it was issued
};

using RevocationBatch = std::shared_ptr<const std::vector<Revocation>>;

class Revocations {
 public:
  explicit Revocations(std::size_t entries_max) : entries_max_(entries_max) {}

  enum class Added : std::uint8_t { added, known, full };
  /// Of two for the same name the longer one counts, and the later issued_before.
  Added add(const Revocation& revocation, WallTime now);
  /// The key by which the token is revoked. `user`: revocation_key() of its user.
  [[nodiscard]] std::optional<limits::Key> match(const TokenMarks& marks, limits::Key user,
                                                 WallTime now) const;
  [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }
  /// Ended ones may be among them for a while.
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

 private:
  struct Entry {
    WallTime until;
    WallTime issued_before;
  };
  [[nodiscard]] bool revokes(limits::Key key, WallTime issued_at, WallTime now) const;
  void forget_ended(WallTime now);

  const std::size_t entries_max_;
  std::unordered_map<limits::Key, Entry> entries_;  // no iteration but to forget
  WallTime next_forget_{};
};

}  // namespace outcry::gateway
