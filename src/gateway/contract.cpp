#include "gateway/contract.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "auth/room_policy.h"
#include "base/json_text.h"

namespace outcry::gateway {
namespace {

constexpr std::array<Command, 6> kCommands = {{
    {"join_challenge", true, "challenge_id", "challenge_", "joined_challenge"},
    {"leave_challenge", false, "challenge_id", "challenge_", "left_challenge"},
    {"subscribe_symbol", true, "symbol", "symbol_", "subscribed"},
    {"unsubscribe_symbol", false, "symbol", "symbol_", "unsubscribed"},
    {"join_room", true, "room", "", "joined_room"},
    {"leave_room", false, "room", "", "left_room"},
}};

// A client's ids are checked; a publisher's room may have any name.
std::string member(const Command* command, std::string_view object_id) {
  if (command == nullptr || object_id.empty()) return {};
  std::string out = fmt::format(R"("{}":)", command->field);
  json::append_quoted(out, object_id);
  return out;
}

std::string error_members(const Refusal& refusal) {
  const CodeRow& row = row_of(refusal.code);
  std::string out = fmt::format(R"("message":"{}","code":"{}","retryable":{})", row.message,
                                row.name, row.retryable);
  if (refusal.retry_after.count() > 0) {
    out += fmt::format(R"(,"retry_after_ms":{})", refusal.retry_after.count());
  }
  if (const std::string object = member(refusal.command, refusal.object_id); !object.empty()) {
    out += ',' + object;
  }
  return out;
}

}  // namespace

const Command* find_command(std::string_view event) {
  for (const Command& command : kCommands) {
    if (command.event == event) return &command;
  }
  return nullptr;
}

std::optional<std::string> object_id_of(const Command& command, std::string_view argument) {
  if (argument.empty() || json::kind_of(argument) != json::Kind::object) return std::nullopt;
  auto id = json::string_member(argument, command.field);
  const auto is_well_formed = command.room_prefix.empty() ? auth::is_room_name : auth::is_object_id;
  if (!id || !is_well_formed(*id)) return std::nullopt;
  return id;
}

std::optional<ReplayWish> replay_wish_of(std::string_view argument, std::size_t last_max) {
  ReplayWish wish;
  if (const auto since = json::member(argument, "since")) {
    const auto text = json::unescape(*since);
    if (!text || !eventlog::parse_position(*text)) return std::nullopt;
    wish.since = *text;
  }
  if (const auto last = json::member(argument, "last")) {
    const auto count = json::integer(*last);
    if (!count || *count < 1 || std::cmp_greater(*count, last_max)) return std::nullopt;
    wish.last = static_cast<std::uint32_t>(*count);
  }
  if (!wish.since.empty() && wish.last > 0) return std::nullopt;
  return wish;
}

std::optional<EventsAck> events_ack_of(std::string_view argument) {
  if (argument.empty() || json::kind_of(argument) != json::Kind::object) return std::nullopt;
  auto room = json::string_member(argument, "room");
  const auto offset = json::string_member(argument, "offset");
  const auto position = offset ? eventlog::parse_position(*offset) : std::nullopt;
  if (!room || !position || !auth::is_room_name(*room)) return std::nullopt;
  return EventsAck{.room = *std::move(room), .position = *position};
}

RoomCommand leave_command_of(std::string_view room) {
  for (const Command& command : kCommands) {
    const bool names_it = !command.joins && room.starts_with(command.room_prefix);
    const std::string_view id = names_it ? room.substr(command.room_prefix.size()) : room;
    if (names_it && (command.room_prefix.empty() || auth::is_object_id(id))) return {command, id};
  }
  return {kCommands.back(), room};
}

std::string reply_payload(const Command& command, std::string_view object_id) {
  return "{" + member(&command, object_id) + "}";
}

std::string replay_payload(const Command& command, std::string_view object_id, std::size_t events,
                           const eventlog::Position& position) {
  return fmt::format(R"({{{},"replayed":{},"offset":"{}"}})", member(&command, object_id), events,
                     to_string(position));
}

std::string ack_payload(const Command& command, std::string_view object_id) {
  return R"({"status":"ok",)" + member(&command, object_id) + "}";
}

std::string error_payload(const Refusal& refusal) {
  return "{" + error_members(refusal) + "}";
}

std::string error_ack_payload(const Refusal& refusal) {
  return R"({"status":"error",)" + error_members(refusal) + "}";
}

std::string expiry_payload(std::int64_t seconds, std::string_view timestamp) {
  return fmt::format(R"({{"expires_in_s":{},"expires_at":"{}"}})", seconds, timestamp);
}

std::string greeting_payload(std::string_view user, std::string_view timestamp) {
  std::string out = R"({"status":"connected","user_id":)";
  json::append_quoted(out, user);
  out += fmt::format(R"(,"timestamp":"{}"}})", timestamp);
  return out;
}

}  // namespace outcry::gateway
