// gateway/contract.h — the events that clients may send, and what each is answered with.
//
//   join_challenge {challenge_id}   ->  room challenge_<id>   ->  joined_challenge {challenge_id}
//   subscribe_symbol {symbol}       ->  room symbol_<S>       ->  subscribed {symbol}
//   join_room {room}                ->  that room             ->  joined_room {room}
//
// Both generations of the platform's front end use the first names; the last is for rooms of any
// other name. Nothing that a client sends reaches
// another client: every answer goes to the asking socket alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "gateway/codes.h"

namespace outcry::gateway {

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

/// The leaving command whose reply tells a client that it is no longer in `room`, and the object's
/// id there: a view into `room`.
struct RoomCommand {
  const Command& command;
  std::string_view object_id;
};
[[nodiscard]] RoomCommand leave_command_of(std::string_view room);

/// `{"challenge_id":"…"}`: what the reply event carries.
[[nodiscard]] std::string reply_payload(const Command& command, std::string_view object_id);
/// `{"status":"ok","challenge_id":"…"}`: for an acknowledgement.
[[nodiscard]] std::string ack_payload(const Command& command, std::string_view object_id);

/// What was refused: the command and its object, as far as they are known.
struct Refusal {
  Code code = Code::bad_request;
  const Command* command = nullptr;
  std::string_view object_id;
};
/// `{"message":…,"code":…,"retryable":…,"challenge_id":…}`: for the `error` event.
[[nodiscard]] std::string error_payload(const Refusal& refusal);
/// The same with `"status":"error"`: for an acknowledgement.
[[nodiscard]] std::string error_ack_payload(const Refusal& refusal);

/// `{"status":"connected","user_id":…,"timestamp":…}`: greets the second generation's hook.
[[nodiscard]] std::string greeting_payload(std::string_view user, std::string_view timestamp);

}  // namespace outcry::gateway
