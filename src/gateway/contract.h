// gateway/contract.h — the events that clients may send, and what each is answered with.
//
//   join_challenge {challenge_id}   ->  room challenge_<id>   ->  joined_challenge {challenge_id}
//   subscribe_symbol {symbol}       ->  room symbol_<S>       ->  subscribed {symbol}
//   join_room {room}                ->  that room             ->  joined_room {room}
//   ack_events {room, offset}       ->  his cursor there      ->  acknowledged, if asked
//
// Both generations of the platform's front end use the first names; join_room is for rooms of any
// other name. Nothing that a client sends reaches another client: every answer goes to the asking
// socket alone.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "eventlog/position.h"
#include "gateway/codes.h"

namespace outcry::gateway {

/// A client's new token, `{token}`; answered by `auth_refreshed` or `error`.
inline constexpr std::string_view kRefreshEvent = "auth_refresh";
inline constexpr std::string_view kRefreshedEvent = "auth_refreshed";
/// Tells a client that its token ends soon.
inline constexpr std::string_view kExpiringEvent = "token_expiring";

struct Command {
  std::string_view event;
  bool joins;                    // else it leaves
  std::string_view field;        // of the argument: the object's id
  std::string_view room_prefix;  // the room is this and the id; empty: the id is the whole name
  std::string_view reply;        // the event that answers
};

/// nullptr if clients may send no such event.
[[nodiscard]] const Command* find_command(std::string_view event);

/// The object's id in a command's first argument, if it is an object with a well-formed one.
[[nodiscard]] std::optional<std::string> object_id_of(const Command& command,
                                                      std::string_view argument);

/// What a joiner wants besides the room's newest values.
struct ReplayWish {
  std::string since;       // a position: all `must` events after it; empty: no such wish
  std::uint32_t last = 0;  // so many of the newest of them
  [[nodiscard]] bool wanted() const noexcept { return !since.empty() || last > 0; }
};
/// `{"since":"…"}` or `{"last":50}` in a join's argument, neither in most. nullopt if it is both,
/// or no position, or no number from 1 to `last_max`.
[[nodiscard]] std::optional<ReplayWish> replay_wish_of(std::string_view argument,
                                                       std::size_t last_max);

/// `ack_events {room, offset}`: its user has had everything of that room up to there.
inline constexpr std::string_view kAckEvents = "ack_events";
struct EventsAck {
  std::string room;
  eventlog::Position position;
};
/// nullopt if it is malformed.
[[nodiscard]] std::optional<EventsAck> events_ack_of(std::string_view argument);

/// The leaving command whose reply tells a client that it is no longer in `room`, and the object's
/// id there: a view into `room`.
struct RoomCommand {
  const Command& command;
  std::string_view object_id;
};
[[nodiscard]] RoomCommand leave_command_of(std::string_view room);

/// `{"challenge_id":"…"}`: what the reply event carries.
[[nodiscard]] std::string reply_payload(const Command& command, std::string_view object_id);
/// The same for a join with a replay, of so many events: `{…,"replayed":3,"offset":"…"}`.
[[nodiscard]] std::string replay_payload(const Command& command, std::string_view object_id,
                                         std::size_t events, const eventlog::Position& position);
/// `{"status":"ok","challenge_id":"…"}`: for an acknowledgement.
[[nodiscard]] std::string ack_payload(const Command& command, std::string_view object_id);

/// What was refused: the command and its object, as far as they are known.
struct Refusal {
  Code code = Code::bad_request;
  const Command* command = nullptr;
  std::string_view object_id{};
  std::chrono::milliseconds retry_after{};  // zero: not said
};
/// `{"message":…,"code":…,"retryable":…,"retry_after_ms":…,"challenge_id":…}`: for the `error`
/// event.
[[nodiscard]] std::string error_payload(const Refusal& refusal);
/// The same with `"status":"error"`: for an acknowledgement.
[[nodiscard]] std::string error_ack_payload(const Refusal& refusal);

/// `{"expires_in_s":…,"expires_at":…}`: of a token.
[[nodiscard]] std::string expiry_payload(std::int64_t seconds, std::string_view timestamp);

/// `{"status":"connected","user_id":…,"timestamp":…}`: greets the second generation's hook.
[[nodiscard]] std::string greeting_payload(std::string_view user, std::string_view timestamp);

}  // namespace outcry::gateway
