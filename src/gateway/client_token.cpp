// ClientSession's part in its token: a new one, and the end of the one that it has.
#include <utility>
#include <vector>

#include <fmt/chrono.h>

#include "base/clock.h"
#include "gateway/client_session.h"

namespace outcry::gateway {
namespace {

constexpr std::uint8_t kTokensRefusedMax = 8;

}  // namespace

void ClientSession::renew(auth::TokenCache::SharedClaims claims,
                          std::optional<std::uint64_t> ack_id) {
  ++context_.stats.token_refreshes;
  tokens_refused_ = 0;
  term_ = token_term(*claims, context_.rules.config.auth, wall_now(), steady_now());
  marks_ = token_marks(context_.rules.hash, *claims);
  const auto before = rights_ ? std::exchange(rights_->listing, nullptr) : nullptr;
  list_rooms(claims);
  send_event(kRefreshedEvent, expiry());
  if (ack_id) send_ack(*ack_id, R"({"status":"ok",)" + expiry().substr(1));
  if (!before) return;
  std::vector<rooms::RoomRef> lost;
  context_.hub.for_each_room(id_, [&](const rooms::Room& room) {
    const auto match = context_.rules.rooms.match(room.name());
    const bool by_list = match && match->access == auth::RoomAccess::grant &&
                         auth::lists_room(before->rooms, room.name());
    if (by_list && !auth::lists_room(claims->rooms, room.name())) {
      lost.push_back(context_.hub.find(id_, namespace_id_, room.name()));
    }
  });
  for (const rooms::RoomRef& room : lost) remove(room);
}

bool ClientSession::may_renew() const noexcept {
  return tokens_refused_ < kTokensRefusedMax;
}

void ClientSession::refuse_token(Code code, std::optional<std::uint64_t> ack_id) {
  if (may_renew()) ++tokens_refused_;
  ++context_.stats.token_refreshes_refused;
  record(audit::Kind::refuse, {"code", row_of(code).name});
  const Refusal refusal{.code = code};
  send_event("error", error_payload(refusal));
  if (ack_id) send_ack(*ack_id, error_ack_payload(refusal));
}

std::string ClientSession::expiry() const {
  const std::int64_t left = seconds_left(term_, context_.rules.config.auth, steady_now());
  const auto at = std::chrono::system_clock::to_time_t(wall_now() + seconds(left));
  return expiry_payload(left, fmt::format("{:%Y-%m-%dT%H:%M:%S}Z", fmt::gmtime(at)));
}

limits::Key ClientSession::user_key() const noexcept {
  return revocation_key(context_.rules.hash, RevocationKind::user, user_);
}

void ClientSession::end_revoked() {
  if (!claims()) send_event("error", error_payload({.code = Code::token_revoked}));
  engine_.close(transport::CloseReason::revoked);
}

void ClientSession::warn() {
  term_.warn_at = {};
  ++context_.stats.tokens_expiring;
  send_event(kExpiringEvent, expiry());
}

}  // namespace outcry::gateway
