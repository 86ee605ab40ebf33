// rooms/hub.h — who is in which room, on this loop only.
//
//   room "/" "order:7"  ->  { s12, s40, s41 }        members, to deliver
//   session s40         ->  { "order:7", "user:3" }  rooms, to leave on close
//
// Both directions are kept, each entry knowing its place in the other, so that a leave costs one
// swap and a close costs the session's own rooms, not all rooms. The Hub sees ids, never sockets:
// tests and fuzzers need no network.
// Thread: its loop only. Owner: Worker.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/ids.h"

namespace outcry::rooms {

/// A room belongs to a namespace. The empty name is the room of everyone in the namespace: a
/// session enters it when it connects, and no publisher can spell it as a room.
struct RoomName {
  NamespaceId namespace_id = 0;
  std::string_view name;
};

/// What a join or leave changed, for those who watch which rooms have members at all.
enum class Change : std::uint8_t {
  none,     // it was so already
  member,   // one more or one fewer
  presence  // the room's first member came, or its last one left
};

class Hub {
 public:
  struct Member {
    SessionId session;
    std::uint32_t back = 0;  // place of this room in the session's list
  };

  Hub() = default;
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  /// Idempotent.
  Change join(SessionId session, RoomName room);
  Change leave(SessionId session, RoomName room);

  /// Leaves every room of a session that is gone; calls emptied(RoomName) for each room whose last
  /// member it was. `emptied` must not change the hub.
  template <class F>
  void leave_all(SessionId session, F&& emptied) {
    while (const auto* membership = last_membership(session)) {
      const std::uint32_t slot = membership->room;
      if (rooms_[slot].members.size() == 1) {
        emptied(RoomName{rooms_[slot].namespace_id, rooms_[slot].name()});
      }
      remove(session, slot, membership->index);
    }
  }

  /// Members in no particular order; valid until the next change. Empty for an unknown room.
  [[nodiscard]] std::span<const Member> members(RoomName room) const;
  [[nodiscard]] bool is_member(SessionId session, RoomName room) const;
  /// Rooms of a session, the room of everyone not counted.
  [[nodiscard]] std::size_t room_count(SessionId session) const;
  [[nodiscard]] std::size_t size() const noexcept { return by_key_.size(); }

  /// Calls f(RoomName) for each room of the session, the room of everyone included.
  template <class F>
  void for_each_room(SessionId session, F&& f) const {
    if (session.slot >= sessions_.size()) return;
    for (const Membership& membership : sessions_[session.slot]) {
      const Room& room = rooms_[membership.room];
      f(RoomName{room.namespace_id, room.name()});
    }
  }

 private:
  struct Room {
    std::string key;  // the namespace's byte, then the name
    NamespaceId namespace_id = 0;
    std::vector<Member> members;
    [[nodiscard]] std::string_view name() const { return std::string_view(key).substr(1); }
  };
  struct Membership {
    std::uint32_t room = 0;   // slot in rooms_
    std::uint32_t index = 0;  // place in the room's members
  };
  struct KeyHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const noexcept {
      return std::hash<std::string_view>{}(key);
    }
  };

  [[nodiscard]] const Membership* last_membership(SessionId session) const;
  [[nodiscard]] const Membership* find_membership(SessionId session, std::uint32_t room) const;
  [[nodiscard]] std::uint32_t room_slot(RoomName room) const;  // kNoRoom if unknown
  std::uint32_t make_room(RoomName room);
  void remove(SessionId session, std::uint32_t room, std::uint32_t index);

  static constexpr std::uint32_t kNoRoom = 0xffffffff;

  // Keys are built in one buffer: a look-up on the way of an event allocates nothing.
  [[nodiscard]] std::string_view key_of(RoomName room) const;
  mutable std::string key_buffer_;

  std::unordered_map<std::string, std::uint32_t, KeyHash, std::equal_to<>> by_key_;
  std::vector<Room> rooms_;
  std::vector<std::uint32_t> free_rooms_;
  // By session slot. A session leaves all its rooms when it closes, so a reused slot starts empty.
  std::vector<std::vector<Membership>> sessions_;
};

}  // namespace outcry::rooms
