// What a client may ask for, as the first argument of its event: whatever is taken is a name and a
// position of ours, and every answer about it is JSON.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "auth/room_policy.h"
#include "base/json_text.h"
#include "gateway/contract.h"

namespace {

using namespace outcry;
using namespace outcry::gateway;

constexpr std::size_t kLastMax = 100;

void require(bool condition) {
  if (!condition) std::abort();
}

void require_json(std::string_view text) {
  require(json::validate(text).has_value());
}

void check(const Command& command, std::string_view argument) {
  const auto id = object_id_of(command, argument);
  if (!id) return;
  const std::string room = std::string(command.room_prefix) + *id;
  require(command.room_prefix.empty() ? auth::is_room_name(*id) : auth::is_object_id(*id));
  const RoomCommand leave = leave_command_of(room);
  require(std::string(leave.command.room_prefix).append(leave.object_id) == room);
  require_json(reply_payload(command, *id));
  require_json(ack_payload(command, *id));
  require_json(replay_payload(command, *id, 1, {}));
  const Refusal refusal{.code = Code::forbidden, .command = &command, .object_id = *id};
  require_json(error_payload(refusal));
  require_json(error_ack_payload(refusal));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto argument = json::validate(text);  // as a packet's arguments are
  if (!argument) return 0;
  for (const char* event : {"join_challenge", "subscribe_symbol", "join_room", "leave_room"}) {
    check(*find_command(event), *argument);
  }
  if (const auto wish = replay_wish_of(*argument, kLastMax)) {
    require(wish->last <= kLastMax && (wish->since.empty() || wish->last == 0));
    require(wish->since.empty() || eventlog::parse_position(wish->since).has_value());
  }
  if (const auto ack = events_ack_of(*argument)) require(auth::is_room_name(ack->room));
  return 0;
}
