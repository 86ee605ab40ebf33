// rooms/room.h — a room's name, held once for the process.
//
//   control thread: RoomTable  "challenge_7" ─▶ Room #41 ◀─ Hub of each worker that has members
//
// The control thread names a room when the first member is let in, and gives it a number that is
// never used again. Workers find members by that number: the way of an event hashes its room's name
// once, however many threads it crosses.
// Thread: immutable; shared by all.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/counted_block.h"
#include "base/ids.h"

namespace outcry::rooms {

/// Names a Room for the life of the process. 0 is nobody's.
using RoomNumber = std::uint64_t;

class Room : public CountedBlock<Room> {
 public:
  explicit Room(RoomNumber number) noexcept : number_(number) {}

  [[nodiscard]] RoomNumber number() const noexcept { return number_; }
  /// A room belongs to a namespace.
  [[nodiscard]] NamespaceId namespace_id() const noexcept {
    return static_cast<NamespaceId>(key().front());
  }
  [[nodiscard]] std::string_view name() const noexcept { return key().substr(1); }
  /// The namespace's byte, then the name.
  [[nodiscard]] std::string_view key() const noexcept { return bytes(); }

 private:
  const RoomNumber number_;
};

using RoomRef = CountedPtr<Room>;

/// `key` as Room::key() gives it.
[[nodiscard]] inline RoomRef make_room(RoomNumber number, std::string_view key) {
  return RoomRef::make(
      key.size(),
      [key](Room&, std::span<char> out) { std::memcpy(out.data(), key.data(), key.size()); },
      number);
}

}  // namespace outcry::rooms
