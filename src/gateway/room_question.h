// gateway/room_question.h — what has to be asked before a user may into a room.
//
// Workers ask it for a join, the control thread when it forgets an answer: both must name the same
// question.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "auth/room_policy.h"
#include "base/ids.h"
#include "store/access.h"

namespace outcry::gateway {

/// nullopt: nobody is asked; the room's policy is decided by who the user is and what he brought.
[[nodiscard]] std::optional<store::AccessQuestion> question_for(const auth::RoomMatch& match,
                                                                NamespaceId namespace_id,
                                                                std::string_view room,
                                                                std::string_view user);

}  // namespace outcry::gateway
