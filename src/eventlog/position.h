// eventlog/position.h — how far somebody has come: what a client sends back to get what it missed.
//
//   "Kx3f_2" "0000001a" "000009zQ"     22 characters, the last argument of every event
//    life     durable    released
//
// Two counts, since two kinds of events are delivered. *Durable* ones are numbered when they are
// written, and keep that number for ever. *Released* counts everything that went out, durable or
// not, in the order in which it did, from the start of this process: its *life*. Within a life the
// second count says exactly what a client has had. After a restart only the first one still means
// something, and it is enough: what isn't durable doesn't outlive the process.
//
// A single count would make every event wait for the disk behind the one that must be written
// first (docs/decisions/0019-positions.md).
// Immutable value; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace outcry::eventlog {

/// Names one run of one log. 36 random bits: never 0.
using Life = std::uint64_t;

[[nodiscard]] Life make_life();

struct Position {
  Life life = 0;
  std::uint64_t durable = 0;   // below 2^48
  std::uint64_t released = 0;  // below 2^48, of this life

  bool operator==(const Position&) const = default;
};

/// Length of a position's text.
inline constexpr std::size_t kPositionLength = 22;

/// Writes the text: digits of URL-safe base64, most significant first, so that it needs no escape
/// in JSON and has one length.
void write_position(std::span<char, kPositionLength> out, const Position& position) noexcept;
[[nodiscard]] std::string to_string(const Position& position);

/// nullopt unless `text` is just what write_position() writes.
[[nodiscard]] std::optional<Position> parse_position(std::string_view text) noexcept;

}  // namespace outcry::eventlog
