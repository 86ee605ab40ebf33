#include "gateway/room_admission.h"

#include "base/clock.h"

namespace outcry::gateway {
namespace {

/// The `type` of a signed grant, which tokens don't have: neither serves for the other.
constexpr std::string_view kGrantType = "grant";

std::optional<Code> grant_refusal(const SharedRules& rules, std::string_view room,
                                  const RoomAsker& asker) {
  if (auth::lists_room(asker.listed, room)) return std::nullopt;
  if (asker.grant.empty() || !rules.grants) return Code::grant_required;
  const auto claims = rules.grants->verify(asker.grant, wall_now());
  if (!claims) {
    return code_for_token(claims.error()) == Code::token_expired ? Code::grant_expired
                                                                 : Code::forbidden;
  }
  const bool holds = claims->type == kGrantType && claims->user == asker.user &&
                     auth::lists_room(claims->rooms, room);
  return holds ? std::nullopt : std::optional(Code::forbidden);
}

}  // namespace

std::optional<Code> room_refusal(const SharedRules& rules, const auth::RoomMatch& match,
                                 std::string_view room, const RoomAsker& asker) {
  if (match.access == auth::RoomAccess::grant) return grant_refusal(rules, room, asker);
  const bool other = match.access == auth::RoomAccess::user && match.object_id != asker.user;
  return other ? std::optional(Code::forbidden) : std::nullopt;
}

}  // namespace outcry::gateway
