#include "rooms/hub.h"

#include "base/assert.h"

namespace outcry::rooms {

std::string_view Hub::key_of(RoomName room) const {
  key_buffer_.assign(1, static_cast<char>(room.namespace_id));
  key_buffer_ += room.name;
  return key_buffer_;
}

std::uint32_t Hub::room_slot(RoomName room) const {
  const auto found = by_key_.find(key_of(room));
  return found == by_key_.end() ? kNoRoom : found->second;
}

std::uint32_t Hub::make_room(RoomName room) {
  const std::uint32_t known = room_slot(room);
  if (known != kNoRoom) return known;
  if (free_rooms_.empty()) {
    free_rooms_.push_back(static_cast<std::uint32_t>(rooms_.size()));
    rooms_.emplace_back();
  }
  const std::uint32_t slot = free_rooms_.back();
  free_rooms_.pop_back();
  rooms_[slot].key = key_of(room);
  rooms_[slot].namespace_id = room.namespace_id;
  by_key_.emplace(rooms_[slot].key, slot);
  return slot;
}

const Hub::Membership* Hub::last_membership(SessionId session) const {
  if (session.slot >= sessions_.size() || sessions_[session.slot].empty()) return nullptr;
  return &sessions_[session.slot].back();
}

// A session's own rooms are few (they are limited), so a scan beats a second table.
const Hub::Membership* Hub::find_membership(SessionId session, std::uint32_t room) const {
  if (session.slot >= sessions_.size()) return nullptr;
  for (const Membership& membership : sessions_[session.slot]) {
    if (membership.room == room) return &membership;
  }
  return nullptr;
}

Change Hub::join(SessionId session, RoomName room) {
  const std::uint32_t slot = make_room(room);
  if (find_membership(session, slot) != nullptr) return Change::none;
  if (session.slot >= sessions_.size()) sessions_.resize(session.slot + 1);
  auto& own = sessions_[session.slot];
  auto& members = rooms_[slot].members;
  members.push_back({session, static_cast<std::uint32_t>(own.size())});
  own.push_back({slot, static_cast<std::uint32_t>(members.size() - 1)});
  return members.size() == 1 ? Change::presence : Change::member;
}

Change Hub::leave(SessionId session, RoomName room) {
  const std::uint32_t slot = room_slot(room);
  if (slot == kNoRoom) return Change::none;
  const Membership* membership = find_membership(session, slot);
  if (membership == nullptr) return Change::none;
  const bool last = rooms_[slot].members.size() == 1;
  remove(session, slot, membership->index);
  return last ? Change::presence : Change::member;
}

void Hub::remove(SessionId session, std::uint32_t room, std::uint32_t index) {
  auto& members = rooms_[room].members;
  auto& own = sessions_[session.slot];
  OUTCRY_ASSERT(members[index].session == session);
  const std::uint32_t back = members[index].back;

  // The last of each list takes the free place, and its partner learns the new place.
  members[index] = members.back();
  sessions_[members[index].session.slot][members[index].back].index = index;
  members.pop_back();
  own[back] = own.back();
  own.pop_back();
  if (back < own.size()) rooms_[own[back].room].members[own[back].index].back = back;

  if (own.empty()) std::vector<Membership>().swap(own);  // idle slots hold nothing
  if (members.empty()) {
    by_key_.erase(rooms_[room].key);
    rooms_[room] = Room{};
    free_rooms_.push_back(room);
  }
}

std::span<const Hub::Member> Hub::members(RoomName room) const {
  const std::uint32_t slot = room_slot(room);
  if (slot == kNoRoom) return {};
  return rooms_[slot].members;
}

bool Hub::is_member(SessionId session, RoomName room) const {
  const std::uint32_t slot = room_slot(room);
  return slot != kNoRoom && find_membership(session, slot) != nullptr;
}

std::size_t Hub::room_count(SessionId session) const {
  std::size_t count = 0;
  for_each_room(session, [&count](RoomName room) { count += room.name.empty() ? 0 : 1; });
  return count;
}

}  // namespace outcry::rooms
