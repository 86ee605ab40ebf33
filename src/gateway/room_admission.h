// gateway/room_admission.h — what a room's policy says of a user, without asking anybody else.
//
// What is left after it, room_question.h asks. Pure. Thread: any.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "gateway/client_context.h"
#include "gateway/codes.h"

namespace outcry::gateway {

struct RoomAsker {
  std::string_view user;
  std::span<const std::string> listed{};  // rooms in his token
  std::string_view grant{};               // empty: none came along
};

/// nullopt: nothing speaks against it.
[[nodiscard]] std::optional<Code> room_refusal(const SharedRules& rules,
                                               const auth::RoomMatch& match, std::string_view room,
                                               const RoomAsker& asker);

}  // namespace outcry::gateway
