#include "gateway/join_guard.h"

#include <algorithm>
#include <utility>

namespace outcry::gateway {
namespace {

using limits::Limit;

void append(std::vector<BanInfo>& out, BanKind kind, std::vector<limits::Ban> bans, TimePoint now) {
  for (limits::Ban& ban : bans) {
    out.push_back({.target = {.kind = kind, .name = std::move(ban.name)},
                   .left = std::chrono::ceil<std::chrono::seconds>(ban.until - now)});
  }
}

}  // namespace

JoinGuard::JoinGuard(std::shared_ptr<const LimitRules> rules)
    : rules_(std::move(rules)),
      users_(rules_->limits.user_offences),
      addresses_(rules_->limits.address_offences) {}

void JoinGuard::use(std::shared_ptr<const LimitRules> rules) {
  rules_ = std::move(rules);
  users_.use(rules_->limits.user_offences);
  addresses_.use(rules_->limits.address_offences);
}

milliseconds JoinGuard::refused(const Suspect& suspect, TimePoint now) {
  milliseconds delay{0};
  if (!suspect.user.empty()) {
    delay =
        judge({users_, Limit::user_failed_joins, Limit::user_ban}, rules_->user_key(suspect.user),
              {.target = {.kind = BanKind::user, .name = std::string(suspect.user)},
               .address = {},
               .lasts = users_.rules().ban},
              now);
  }
  if (!suspect.address.is_nobody()) {
    const auto later = judge({addresses_, Limit::address_failed_joins, Limit::address_ban},
                             rules_->key_of(suspect.address),
                             {.target = {.kind = BanKind::address,
                                         .name = suspect.address.text(rules_->ipv6_prefix_bits)},
                              .address = suspect.address,
                              .lasts = addresses_.rules().ban},
                             now);
    delay = std::max(delay, later);
  }
  return delay;
}

milliseconds JoinGuard::judge(const Kind& kind, limits::Key key, const Notice& notice,
                              TimePoint now) {
  using Outcome = limits::Offenders::Outcome;
  const limits::Limits& limits = rules_->limits;
  switch (kind.offenders.refused(key, notice.target.name, now, limits.dry_run)) {
    case Outcome::noted:
      return {};
    case Outcome::delayed: {
      const auto late = counts_.reached(limits, {kind.late, kind.offenders.rules().delay});
      return late ? late->retry_after : milliseconds::zero();
    }
    case Outcome::banned:
      if (counts_.reached(limits, {kind.ban, notice.lasts}) && on_ban) on_ban(notice);
      return {};
  }
  return {};
}

std::optional<limits::Refusal> JoinGuard::banned(const limits::Party& party, TimePoint now) {
  if (const auto left = users_.banned(party.user, now)) {
    return counts_.reached(rules_->limits, {Limit::user_ban, *left});
  }
  if (const auto left = addresses_.banned(party.address, now)) {
    return counts_.reached(rules_->limits, {Limit::address_ban, *left});
  }
  return std::nullopt;
}

std::vector<BanInfo> JoinGuard::bans(TimePoint now) const {
  std::vector<BanInfo> out;
  append(out, BanKind::user, users_.bans(now), now);
  append(out, BanKind::address, addresses_.bans(now), now);
  std::ranges::sort(out, std::greater{}, &BanInfo::left);
  return out;
}

bool JoinGuard::lift(const BanTarget& target) {
  if (target.kind == BanKind::user) return users_.lift(rules_->user_key(target.name));
  const auto network = net::IpNetwork::parse(target.name, rules_->ipv6_prefix_bits);
  return network && addresses_.lift(rules_->key_of(*network));
}

std::shared_ptr<const BannedAddresses> JoinGuard::banned_addresses(TimePoint now) const {
  auto out = std::make_shared<BannedAddresses>();
  for (const limits::Ban& ban : addresses_.bans(now)) out->emplace(ban.key, ban.until);
  return out;
}

std::size_t JoinGuard::banned_users(TimePoint now) {
  users_.expire(now);
  return users_.size();
}

std::size_t JoinGuard::banned_addresses_count(TimePoint now) {
  addresses_.expire(now);
  return addresses_.size();
}

}  // namespace outcry::gateway
