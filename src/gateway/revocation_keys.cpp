#include "gateway/revocation_keys.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "bus/redis_url.h"

namespace outcry::gateway {
namespace {

constexpr std::size_t kTextBytesMax = 256;  // as of a claim
constexpr std::string_view kUser = "user:";
constexpr std::string_view kSession = "session:";
constexpr std::int64_t kEarliestSecond = 1'000'000'000;  // below it is a flag, not a time
constexpr std::int64_t kLatestSecond = 253'402'300'799;

std::optional<WallTime> time_of(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_time = error == std::errc() && end == text.data() + text.size() &&
                       number >= kEarliestSecond && number <= kLatestSecond;
  return is_time ? std::optional(WallTime(seconds(number))) : std::nullopt;
}

bus::RedisKeyScanOptions options_of(const config::Config& config) {
  auto endpoint = bus::parse_redis_url(config.bus.redis);
  if (!endpoint) throw config::ConfigError("bus.redis: " + endpoint.error().message());
  return {.endpoint = *std::move(endpoint),
          .prefix = config.auth.revocation_prefix,
          .keys_max = config.auth.revocations_max,
          .pause = config.auth.revocation_scan,
          .connect_timeout = config.bus.connect_timeout};
}

}  // namespace

std::optional<TokenRevocation> revocation_of_key(const bus::ScannedKey& key, WallTime now,
                                                 seconds no_end) {
  std::string_view name = key.name;
  TokenRevocation out;
  if (name.starts_with(kUser)) {
    out.kind = RevocationKind::user;
    name.remove_prefix(kUser.size());
  } else if (name.starts_with(kSession)) {
    out.kind = RevocationKind::session;
    name.remove_prefix(kSession.size());
  }
  if (name.empty() || name.size() > kTextBytesMax) return std::nullopt;
  if (key.lifetime && key.lifetime->count() <= 0) return std::nullopt;
  out.value = name;
  // Rounded up, so that it isn't news at each look.
  out.until = key.lifetime ? now + *key.lifetime
                           : WallTime(std::chrono::ceil<std::chrono::hours>(now + no_end));
  // One token is meant as a whole: a time beside it may be anything, its `iat` too.
  if (out.kind != RevocationKind::jti) out.issued_before = time_of(key.value);
  return out;
}

RevocationKeys::RevocationKeys(boost::asio::io_context& io, const config::Config& config,
                               OnRevocation on_revocation)
    : scan_(io, options_of(config),
            [on_revocation = std::move(on_revocation),
             no_end = std::max(config.auth.age_max + 2 * config.auth.leeway, seconds(3600))](
                std::span<const bus::ScannedKey> keys) {
              const WallTime now = wall_now();
              for (const bus::ScannedKey& key : keys) {
                if (const auto found = revocation_of_key(key, now, no_end)) on_revocation(*found);
              }
            }) {}

void RevocationKeys::append_checks(Readiness& readiness, bool settled) const {
  const bus::RedisKeyScanStats& stats = scan_.stats();
  // Later ones wait for a batch too, which is no reason to send no clients here.
  const bool known = stats.passes > 1 || (stats.passes == 1 && settled);
  ReadinessCheck check{.name = "revocations", .ok = known, .text = {}};
  if (check.ok) {
    const auto age = std::chrono::floor<seconds>(steady_now() - *stats.completed_at);
    check.text = fmt::format("{} keys, seen {} s ago", stats.keys, age.count());
  } else {
    check.text = "not read yet";
  }
  if (stats.left_over) check.text += "; there are more than auth.revocations_max";
  if (!stats.failure.empty()) check.text += "; the last look failed: " + stats.failure;
  readiness.checks.push_back(std::move(check));
}

}  // namespace outcry::gateway
