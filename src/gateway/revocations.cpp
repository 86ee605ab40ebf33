#include "gateway/revocations.h"

#include <algorithm>
#include <array>

namespace outcry::gateway {
namespace {

constexpr std::chrono::minutes kForgetInterval{1};
/// An end that is told again as a time to live comes out a little different each time.
constexpr std::chrono::seconds kSameEnd{5};

limits::Key key_if_any(const limits::KeyHash& hash, RevocationKind kind, std::string_view value) {
  return value.empty() ? limits::kNobody : revocation_key(hash, kind, value);
}

}  // namespace

limits::Key revocation_key(const limits::KeyHash& hash, RevocationKind kind,
                           std::string_view value) noexcept {
  // Any different numbers keep the kinds apart: the hash is a secret's.
  constexpr std::array<std::uint64_t, 3> kApart{0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F,
                                                0x165667B19E3779F9};
  return std::max<limits::Key>(hash(value) ^ kApart[static_cast<std::size_t>(kind)], 1);
}

TokenMarks token_marks(const limits::KeyHash& hash, const auth::Claims& claims) noexcept {
  const auto issued_at = claims.issued_at.value_or(WallTime());
  return {.jti = key_if_any(hash, RevocationKind::jti, claims.jti),
          .session = key_if_any(hash, RevocationKind::session, claims.session_id),
          .issued_at_ms = issued_at.time_since_epoch().count()};
}

Revocations::Added Revocations::add(const Revocation& revocation, WallTime now) {
  if (now >= next_forget_ || entries_.size() >= entries_max_) forget_ended(now);
  const auto found = entries_.find(revocation.key);
  if (found != entries_.end()) {
    Entry& entry = found->second;
    const bool adds = entry.until <= now || revocation.until > entry.until + kSameEnd ||
                      revocation.issued_before > entry.issued_before;
    entry.until = std::max(entry.until, revocation.until);
    entry.issued_before = std::max(entry.issued_before, revocation.issued_before);
    return adds ? Added::added : Added::known;
  }
  if (entries_.size() >= entries_max_) return Added::full;
  entries_.emplace(revocation.key, Entry{revocation.until, revocation.issued_before});
  return Added::added;
}

std::optional<limits::Key> Revocations::match(const TokenMarks& marks, limits::Key user,
                                              WallTime now) const {
  if (entries_.empty()) return std::nullopt;
  const WallTime issued_at{std::chrono::milliseconds(marks.issued_at_ms)};
  for (const limits::Key key : {marks.jti, marks.session, user}) {
    if (key != limits::kNobody && revokes(key, issued_at, now)) return key;
  }
  return std::nullopt;
}

bool Revocations::revokes(limits::Key key, WallTime issued_at, WallTime now) const {
  const auto found = entries_.find(key);
  return found != entries_.end() && now < found->second.until &&
         issued_at < found->second.issued_before;
}

void Revocations::forget_ended(WallTime now) {
  // Where all are in force, looking through them for each further one would cost too much.
  if (now < next_forget_ - kForgetInterval + std::chrono::seconds(1)) return;
  next_forget_ = now + kForgetInterval;
  std::erase_if(entries_, [now](const auto& entry) { return entry.second.until <= now; });
}

}  // namespace outcry::gateway
