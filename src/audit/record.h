// audit/record.h — something that happened, before it has a place in the trail.
//
//   {kind, time, user, room, socket, address, what else}  ─▶  one line (audit/trail_line.h)
//
// Never holds a token, an engine session's sid, a pid or a payload: of a payload the trail has the
// hash, which the writer makes. Texts may come from peers; they are escaped, and cut at a limit.
// Pure. Thread: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/clock.h"

namespace outcry::audit {

enum class Kind : std::uint8_t {
  // What the trail says of itself; these are signed.
  file,        // the first of each file
  start,       // of a run
  stop,        // its end
  checkpoint,  // everything until here stands
  retention,   // files that were too old are gone
  gap,         // records that could not be kept
  repair,      // what a crash has left was put aside
  // What happened.
  connect,
  refuse,  // a CONNECT
  disconnect,
  resume,  // a client that came back, and missed nothing
  resync,  // one that came back, and must load anew
  join,
  deny,  // a join, or another command of a client
  leave,
  remove,  // out of a room, for a right has ended
  publish,
  command,  // of a publisher to sockets
  administration,
};
inline constexpr std::size_t kKindCount = 19;

/// As the trail says it: "connect".
[[nodiscard]] std::string_view name_of(Kind kind) noexcept;
[[nodiscard]] std::optional<Kind> kind_of(std::string_view name) noexcept;
/// Whether a record of this kind carries a signature.
[[nodiscard]] constexpr bool is_signed(Kind kind) noexcept {
  return kind <= Kind::repair;
}

/// One more thing that a record says. Empty texts and lists are left out.
struct Detail {
  std::string_view name;  // a literal
  std::variant<std::string, std::uint64_t, std::vector<std::string>> value;
};

/// A text longer than this is cut: names are far shorter.
inline constexpr std::size_t kTextBytesMax = 512;
/// Of one publication; the line says how many more there were.
inline constexpr std::size_t kRoomsMax = 1024;

/// Empty texts are left out.
struct Record {
  Kind kind = Kind::checkpoint;
  WallTime time;
  std::string user;
  std::string namespace_name;
  std::vector<std::string> rooms;
  std::string socket;  // the Socket.IO id, which isn't a secret
  std::string address;
  std::vector<Detail> details;
  std::optional<std::string> payload;  // never written; its SHA-256 is, as detail `sha256`
};

/// About what it takes in memory.
[[nodiscard]] std::size_t size_of(const Record& record) noexcept;

/// "2026-01-31T12:00:00.123Z".
[[nodiscard]] std::string time_text(WallTime time);

/// The record's members as JSON, without braces, from `"time"` on.
void append_members(std::string& out, const Record& record);

}  // namespace outcry::audit
