// auth/room_policy.h — which rooms exist for clients, and who may ask for one.
//
//   owner   challenge_{id}    the store must say that the user owns object {id}
//   grant   desk_{id}         the token, or a grant that comes with the join, must list the room
//   user    user_{id}         {id} must be the user himself
//   http    team_{id}         the back end is asked; http_open: its silence is a yes
//   public  market_updates    anyone who is authenticated
//
// A room that no template describes can't be joined: deny by default. A template is a literal that
// may end in one placeholder. It never starts with one, for that would describe every room.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "auth/auth_error.h"
#include "base/result.h"

namespace outcry::auth {

enum class RoomAccess : std::uint8_t { owner, grant, user, http, http_open, everyone };

struct RoomTemplate {
  std::string text;  // "challenge_{id}": the name between the braces is for the reader
  RoomAccess access = RoomAccess::owner;
};

/// `object_id` is a view into the room that was asked about; empty for a literal template.
struct RoomMatch {
  RoomAccess access = RoomAccess::owner;
  std::string_view object_id;
};

/// An object id in a room's name: 1 to 128 of A–Z a–z 0–9 _ . : -
[[nodiscard]] bool is_object_id(std::string_view text) noexcept;
/// What some template could describe: 1 to 256 of those characters, / and #.
[[nodiscard]] bool is_room_name(std::string_view text) noexcept;

/// Whether `room` is among `listed`, which a token or grant brought: whole names, and beginnings
/// that end in *.
[[nodiscard]] bool lists_room(std::span<const std::string> listed, std::string_view room) noexcept;

class RoomPolicy {
 public:
  /// Nothing is allowed.
  RoomPolicy() = default;

  /// Error: room_template for an empty literal, a placeholder elsewhere than at the end, owner or
  /// user without placeholder, characters that no room name may have, or a template given twice.
  [[nodiscard]] static Result<RoomPolicy> create(const std::vector<RoomTemplate>& templates);

  /// The policy of `room`; nullopt: nobody may join it. The longest literal decides, and a whole
  /// literal comes before one with a placeholder.
  [[nodiscard]] std::optional<RoomMatch> match(std::string_view room) const;

 private:
  struct Rule {
    std::string literal;
    bool has_id = false;
    RoomAccess access = RoomAccess::owner;
  };
  std::vector<Rule> rules_;  // the longest literal first
};

/// The rule for one template, for messages at start-up. Error: room_template.
[[nodiscard]] std::error_code check_room_template(const RoomTemplate& room_template);

}  // namespace outcry::auth
