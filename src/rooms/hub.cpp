#include "rooms/hub.h"

#include "base/assert.h"

namespace outcry::rooms {

std::uint32_t Hub::slot_of(const RoomRef& room) {
  const auto [place, is_new] = by_number_.try_emplace(room->number());
  if (!is_new) return place->second.slot;
  if (free_rooms_.empty()) {
    free_rooms_.push_back(static_cast<std::uint32_t>(rooms_.size()));
    rooms_.emplace_back();
  }
  const std::uint32_t slot = free_rooms_.back();
  free_rooms_.pop_back();
  place->second.slot = slot;
  rooms_[slot].room = room;
  return slot;
}

// A session's own rooms are few (they are limited), so a scan beats a table.
const Hub::Membership* Hub::find_membership(SessionId session, RoomNumber room) const {
  if (session.slot >= sessions_.size()) return nullptr;
  for (const Membership& membership : sessions_[session.slot].items()) {
    if (rooms_[membership.room].room->number() == room) return &membership;
  }
  return nullptr;
}

Change Hub::join(SessionId session, const RoomRef& room) {
  if (is_member(session, room->number())) return Change::none;
  const std::uint32_t slot = slot_of(room);
  while (session.slot >= sessions_.size()) sessions_.emplace_back();
  auto& own = sessions_[session.slot];
  auto& members = rooms_[slot].members;
  members.push_back({session.slot, own.size()});
  own.push_back({slot, members.size() - 1});
  return members.size() == 1 ? Change::presence : Change::member;
}

Change Hub::leave(SessionId session, RoomNumber room) {
  const Membership* membership = find_membership(session, room);
  if (membership == nullptr) return Change::none;
  return remove(session, *membership) ? Change::presence : Change::member;
}

bool Hub::remove(SessionId session, Membership membership) {
  auto& members = rooms_[membership.room].members;
  auto& own = sessions_[session.slot];
  OUTCRY_ASSERT(members[membership.index].session == session.slot);
  const std::uint32_t back = members[membership.index].back;

  // The last of each list takes the free place, and its partner learns the new place.
  members[membership.index] = members.back();
  sessions_[members.back().session][members.back().back].index = membership.index;
  members.pop_back();
  own[back] = own.back();
  own.pop_back();
  if (back < own.size()) rooms_[own[back].room].members[own[back].index].back = back;

  if (!members.empty()) return false;
  by_number_.erase(rooms_[membership.room].room->number());
  rooms_[membership.room].room.reset();
  free_rooms_.push_back(membership.room);
  return true;
}

std::span<const Hub::Member> Hub::members(RoomNumber room) const {
  const auto found = by_number_.find(room);
  if (found == by_number_.end()) return {};
  return rooms_[found->second.slot].members.items();
}

Hub::Receipt Hub::receive(RoomNumber room, std::uint32_t sequence) {
  const auto found = by_number_.find(room);
  if (found == by_number_.end()) return {};
  Place& place = found->second;
  const bool is_first = place.received == 0 || sequence == 0;
  const bool in_line = is_first || sequence == next_sequence(place.received);
  place.received = sequence;
  return {.members = rooms_[place.slot].members.items(), .in_line = in_line};
}

bool Hub::is_member(SessionId session, RoomNumber room) const {
  return find_membership(session, room) != nullptr;
}

RoomRef Hub::find(SessionId session, NamespaceId namespace_id, std::string_view name) const {
  if (session.slot >= sessions_.size()) return {};
  for (const Membership& membership : sessions_[session.slot].items()) {
    const RoomRef& room = rooms_[membership.room].room;
    if (room->namespace_id() == namespace_id && room->name() == name) return room;
  }
  return {};
}

}  // namespace outcry::rooms
