#include "gateway/contract.h"

#include <array>

#include <fmt/format.h>

#include "auth/room_policy.h"
#include "base/json_text.h"

namespace outcry::gateway {
namespace {

constexpr std::array<Command, 4> kCommands = {{
    {"join_challenge", true, "challenge_id", "challenge_", "joined_challenge"},
    {"leave_challenge", false, "challenge_id", "challenge_", "left_challenge"},
    {"subscribe_symbol", true, "symbol", "symbol_", "subscribed"},
    {"unsubscribe_symbol", false, "symbol", "symbol_", "unsubscribed"},
}};

// Object ids are checked (is_object_id) and names are ours: nothing here needs escaping.
std::string member(const Command* command, std::string_view object_id) {
  if (command == nullptr || object_id.empty()) return {};
  return fmt::format(R"("{}":"{}")", command->field, object_id);
}

std::string error_members(const Refusal& refusal) {
  const CodeRow& row = row_of(refusal.code);
  std::string out = fmt::format(R"("message":"{}","code":"{}","retryable":{})", row.message,
                                row.name, row.retryable);
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
  if (!id || !auth::is_object_id(*id)) return std::nullopt;
  return id;
}

std::string reply_payload(const Command& command, std::string_view object_id) {
  return "{" + member(&command, object_id) + "}";
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

std::string greeting_payload(std::string_view user, std::string_view timestamp) {
  std::string out = R"({"status":"connected","user_id":)";
  json::append_quoted(out, user);
  out += fmt::format(R"(,"timestamp":"{}"}})", timestamp);
  return out;
}

}  // namespace outcry::gateway
