// rooms/hub.h — who is in which room, on this loop only.
//
//   room #41      ->  { s12, s40, s41 }   members, to deliver
//   session s40   ->  { #41, #7 }         rooms, to leave on close
//
// Both directions are kept, each entry knowing its place in the other, so that a leave costs one
// swap and a close costs the session's own rooms, not all rooms. Rooms are known by number: an
// event finds its members without its room's name. The Hub sees ids, never sockets: tests and
// fuzzers need no network.
// Thread: its loop only. Owner: Worker.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "base/ids.h"
#include "base/short_list.h"
#include "rooms/room.h"

namespace outcry::rooms {

/// What a join or leave changed, for those who watch which rooms have members at all.
enum class Change : std::uint8_t {
  none,     // it was so already
  member,   // one more or one fewer
  presence  // the room's first member came, or its last one left
};

class Hub {
 public:
  /// A session by its slot: it leaves its rooms before the slot is given to another.
  struct Member {
    std::uint32_t session = 0;
    std::uint32_t back = 0;  // place of this room in the session's list
  };

  Hub() = default;
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  /// Idempotent.
  Change join(SessionId session, const RoomRef& room);
  Change leave(SessionId session, RoomNumber room);

  /// Leaves every room of a session that is gone; calls emptied(RoomRef) for each room whose last
  /// member it was. `emptied` must not change the hub.
  template <class F>
  void leave_all(SessionId session, F&& emptied) {
    while (room_count(session) > 0) {
      const Membership last = sessions_[session.slot].back();
      RoomRef room = rooms_[last.room].room;
      if (remove(session, last)) emptied(std::move(room));
    }
  }

  /// The room is sent its delivery of this number: its members, and whether it follows the last
  /// one. The first after a room got members here always does, and one without a number (0).
  struct Receipt {
    std::span<const Member> members;
    bool in_line = true;
  };
  [[nodiscard]] Receipt receive(RoomNumber room, std::uint32_t sequence);
  /// Numbers begin with 1, and again after the last one.
  [[nodiscard]] static constexpr std::uint32_t next_sequence(std::uint32_t sequence) noexcept {
    return sequence + 1 == 0 ? 1 : sequence + 1;
  }
  /// Members in no particular order; valid until the next change. Empty for an unknown room.
  [[nodiscard]] std::span<const Member> members(RoomNumber room) const;
  /// The room of this number, which has members.
  [[nodiscard]] RoomRef room(RoomNumber number) const {
    return rooms_[by_number_.at(number).slot].room;
  }
  /// Calls f(const Room&) for each of a session's rooms; f must not change the hub.
  template <class F>
  void for_each_room(SessionId session, F&& f) const {
    if (session.slot >= sessions_.size()) return;
    for (const Membership& membership : sessions_[session.slot].items()) {
      f(*rooms_[membership.room].room);
    }
  }
  [[nodiscard]] bool is_member(SessionId session, RoomNumber room) const;
  /// The session's room of this namespace and name, or null.
  [[nodiscard]] RoomRef find(SessionId session, NamespaceId namespace_id,
                             std::string_view name) const;
  [[nodiscard]] std::size_t room_count(SessionId session) const noexcept {
    return session.slot < sessions_.size() ? sessions_[session.slot].size() : 0;
  }
  [[nodiscard]] std::size_t size() const noexcept { return by_number_.size(); }

 private:
  struct Entry {
    RoomRef room;
    ShortList<Member> members;
  };
  struct Membership {
    std::uint32_t room = 0;   // slot in rooms_
    std::uint32_t index = 0;  // place in the room's members
  };

  [[nodiscard]] std::uint32_t slot_of(const RoomRef& room);
  [[nodiscard]] const Membership* find_membership(SessionId session, RoomNumber room) const;
  /// True if the room is empty now.
  bool remove(SessionId session, Membership membership);

  struct Place {
    std::uint32_t slot = 0;      // in rooms_
    std::uint32_t received = 0;  // number of the last delivery, 0: none yet
  };
  boost::unordered_flat_map<RoomNumber, Place> by_number_;
  // Deques: they grow without holding twice what they need.
  std::deque<Entry> rooms_;
  std::vector<std::uint32_t> free_rooms_;
  std::deque<ShortList<Membership>> sessions_;  // by session slot
};

}  // namespace outcry::rooms
