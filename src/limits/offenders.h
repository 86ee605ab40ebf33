// limits/offenders.h — who is refused too often: first he waits for his answers, then he is banned.
//
//   refused ─▶ score + 1 ──▶ over delay_at: late answers ──▶ over ban_at: a ban, and score 0
//                 └─ fades: one less every `forgotten_after`
//
// Scores live in a table of fixed size (rate_table.h), bans in one with a limit; when it is full
// the ban that would end first ends now. Names are kept for bans alone, so that an operator can
// read them.
// Thread: its owner's only; takes the time as an argument.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.h"
#include "limits/key_hash.h"
#include "limits/rate_table.h"

namespace outcry::limits {

struct OffenceRules {
  std::uint32_t delay_at = 10;  // refused so often; the next answer is late
  std::uint32_t ban_at = 50;    // the next one bans
  std::chrono::milliseconds forgotten_after{10'000};
  std::chrono::milliseconds delay{1'000};
  std::chrono::milliseconds ban{600'000};
  std::size_t bans_max = 10'000;

  bool operator==(const OffenceRules&) const = default;
};

struct Ban {
  Key key = kNobody;
  std::string name;
  TimePoint until{};
};

class Offenders {
 public:
  enum class Outcome : std::uint8_t { noted, delayed, banned };

  explicit Offenders(const OffenceRules& rules) : rules_(rules) {}

  /// One more refusal. `dry_run`: what would become of it, but nobody is banned.
  [[nodiscard]] Outcome refused(Key key, std::string_view name, TimePoint now, bool dry_run);
  [[nodiscard]] const OffenceRules& rules() const noexcept { return rules_; }
  /// From the next refusal on. Bans last as long as they were to. Scores begin anew if they fade
  /// otherwise now: they are kept as the time until they are gone.
  void use(const OffenceRules& rules) noexcept;

  /// How long the ban still lasts; nullopt: there is none.
  [[nodiscard]] std::optional<std::chrono::milliseconds> banned(Key key, TimePoint now) const;
  void ban(Key key, std::string_view name, TimePoint until);
  /// Also forgets the score. False: there was no ban.
  bool lift(Key key) noexcept;
  /// Those in force, in no order.
  [[nodiscard]] std::vector<Ban> bans(TimePoint now) const;
  /// Forgets those that are over.
  void expire(TimePoint now);
  /// With those that are over and not forgotten yet.
  [[nodiscard]] std::size_t size() const noexcept { return bans_.size(); }

 private:
  struct Entry {
    std::string name;
    TimePoint until{};
  };
  void make_room(TimePoint now);

  OffenceRules rules_;
  RateTable scores_;
  std::unordered_map<Key, Entry> bans_;
};

}  // namespace outcry::limits
