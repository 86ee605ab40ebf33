#include "gateway/revocation_order.h"

#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/json_text.h"

namespace outcry::gateway {
namespace {

constexpr std::size_t kTextBytesMax = 256;  // as of a claim
constexpr std::int64_t kSecondsMax = 315'360'000;
constexpr std::int64_t kLatestSecond = 253'402'300'799;
constexpr std::array<std::string_view, 3> kKinds{"jti", "session", "user"};

std::unexpected<RevocationFault> fault(std::string_view member, std::string text) {
  return std::unexpected(RevocationFault{std::string(member), std::move(text)});
}

std::optional<RevocationKind> kind_named(std::string_view name) {
  for (std::size_t i = 0; i < kKinds.size(); ++i) {
    if (kKinds[i] == name) return static_cast<RevocationKind>(i);
  }
  return std::nullopt;
}

std::optional<WallTime> time_of(std::string_view slice, std::int64_t maximum) {
  const auto number = json::integer(slice);
  if (!number || *number < 1 || *number > maximum) return std::nullopt;
  return WallTime(std::chrono::seconds(*number));
}

/// One member into `out`. The fault's text, or nullopt.
std::optional<std::string> take(const json::ObjectReader::Member& member, WallTime now,
                                TokenRevocation& out) {
  if (const auto kind = kind_named(member.key)) {
    auto text = json::unescape(member.value);
    if (!text || text->empty() || text->size() > kTextBytesMax) {
      return fmt::format("{} must be a string of 1 to {} bytes", member.key, kTextBytesMax);
    }
    if (!out.value.empty()) return "one of jti, user and session is named, once";
    out.kind = *kind;
    out.value = *std::move(text);
    return std::nullopt;
  }
  const bool is_span = member.key == "ttl_s";
  const auto time = time_of(member.value, is_span ? kSecondsMax : kLatestSecond);
  if (!time) {
    return fmt::format("{} must be a whole number from 1 to {}", member.key,
                       is_span ? kSecondsMax : kLatestSecond);
  }
  if (member.key == "issued_before") {
    out.issued_before = *time;
  } else if (out.until) {
    return "one of ttl_s and until is given, once";
  } else {
    out.until = is_span ? now + time->time_since_epoch() : *time;
    if (*out.until <= now) return "until lies in the past";
  }
  return std::nullopt;
}

}  // namespace

std::string_view name_of(RevocationKind kind) noexcept {
  return kKinds[static_cast<std::size_t>(kind)];
}

std::expected<TokenRevocation, RevocationFault> read_revocation(std::string_view object,
                                                                WallTime now,
                                                                std::string_view ignored) {
  if (object.empty() || json::kind_of(object) != json::Kind::object) {
    return fault({}, "a revocation is a JSON object");
  }
  TokenRevocation out;
  json::ObjectReader members(object);
  while (const auto member = members.next()) {
    if (!ignored.empty() && member->key == ignored) continue;
    const bool known = kind_named(member->key) || member->key == "ttl_s" ||
                       member->key == "until" || member->key == "issued_before";
    if (!known) {
      return fault({},
                   "there is a key that is not known; known are jti, user, session, ttl_s, until, "
                   "issued_before");
    }
    if (auto text = take(*member, now, out)) return fault(member->key, *std::move(text));
  }
  if (out.value.empty()) return fault({}, "jti, user or session is missing");
  return out;
}

std::string revocation_text(const TokenRevocation& revocation, std::string_view from) {
  const auto seconds_of = [](WallTime time) {
    return std::chrono::ceil<std::chrono::seconds>(time).time_since_epoch().count();
  };
  std::string out = fmt::format(R"({{"{}":)", name_of(revocation.kind));
  json::append_quoted(out, revocation.value);
  if (revocation.until) out += fmt::format(R"(,"until":{})", seconds_of(*revocation.until));
  if (revocation.issued_before) {
    out += fmt::format(R"(,"issued_before":{})", seconds_of(*revocation.issued_before));
  }
  out += R"(,"from":)";
  json::append_quoted(out, from);
  return out + '}';
}

}  // namespace outcry::gateway
