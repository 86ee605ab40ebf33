#include "limits/offenders.h"

#include <algorithm>

namespace outcry::limits {
namespace {

Ticks ticks_of(std::chrono::milliseconds time) noexcept {
  return time.count() * (kTicksPerSecond / 1000);
}

}  // namespace

Offenders::Outcome Offenders::refused(Key key, std::string_view name, TimePoint now, bool dry_run) {
  const Ticks at = limits::ticks_of(now);
  const Ticks one = std::max<Ticks>(ticks_of(rules_.forgotten_after), 1);
  auto& score = scores_.of(key, at).taken.front();
  // A whole unit for each that has not faded wholly.
  const auto before = static_cast<std::uint64_t>((score.ahead(at) + one - 1) / one);
  score.add(one, at, one * (Ticks{rules_.ban_at} + 1));
  if (before >= rules_.ban_at) {
    scores_.forget(key);
    if (!dry_run) ban(key, name, now + rules_.ban);
    return Outcome::banned;
  }
  return before >= rules_.delay_at ? Outcome::delayed : Outcome::noted;
}

void Offenders::use(const OffenceRules& rules) noexcept {
  if (rules.forgotten_after != rules_.forgotten_after) scores_.clear();
  rules_ = rules;
}

std::optional<std::chrono::milliseconds> Offenders::banned(Key key, TimePoint now) const {
  const auto found = bans_.find(key);
  if (found == bans_.end() || found->second.until <= now) return std::nullopt;
  return std::chrono::ceil<std::chrono::milliseconds>(found->second.until - now);
}

void Offenders::ban(Key key, std::string_view name, TimePoint until) {
  if (!bans_.contains(key)) make_room(until - rules_.ban);
  bans_[key] = {.name = std::string(name), .until = until};
}

void Offenders::make_room(TimePoint now) {
  if (bans_.size() < rules_.bans_max) return;
  expire(now);
  while (bans_.size() >= rules_.bans_max) {
    bans_.erase(
        std::ranges::min_element(bans_, {}, [](const auto& entry) { return entry.second.until; }));
  }
}

bool Offenders::lift(Key key) noexcept {
  scores_.forget(key);
  return bans_.erase(key) > 0;
}

std::vector<Ban> Offenders::bans(TimePoint now) const {
  std::vector<Ban> out;
  for (const auto& [key, entry] : bans_) {
    if (entry.until > now) out.push_back({.key = key, .name = entry.name, .until = entry.until});
  }
  return out;
}

void Offenders::expire(TimePoint now) {
  std::erase_if(bans_, [now](const auto& entry) { return entry.second.until <= now; });
}

}  // namespace outcry::limits
