// audit/trail_line.h — a record's line in the trail, byte for byte, and back.
//
//   {"seq":7,"time":"…","kind":"join",…,"prev":"<64 digits>","hash":"<64 digits>"}
//   └──────────────────── SHA-256 of these bytes ──────────┘  = hash
//   {"seq":8,…,"prev":"<that hash>","hash":"…","signature":"<Base64>"}
//
// A record names the hash of the one before, so none can be changed, taken out or moved without
// changing all that follow; and those that are signed nobody can make again without the key. What
// stands behind the hashed bytes has one form only, so that there is no byte that may be changed.
// Pure. Thread: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "audit/digest.h"
#include "audit/record.h"
#include "audit/signing_key.h"

namespace outcry::audit {

/// Where a trail has come to.
struct Link {
  std::uint64_t sequence = 0;  // the first record has 1
  std::string hash = no_hash();

  bool operator==(const Link&) const = default;
};

/// Longest line, without its end.
inline constexpr std::size_t kLineBytesMax = 4'194'304;

/// Appends the record as the one after `last`, which it becomes.
void append_line(std::string& out, Link& last, const Record& record, const SigningKey& key);

/// Views into the line's text.
struct Line {
  std::string_view text;
  std::string_view hashed;
  std::uint64_t sequence = 0;
  std::string_view time;
  std::string_view kind_name;
  std::optional<Kind> kind;  // absent: of a later version
  std::string_view previous;
  std::string_view hash;
  std::string_view signature;  // empty: none

  /// Whether `hash` is that of its content.
  [[nodiscard]] bool holds() const;
  [[nodiscard]] bool verifies(const PublicKey& key) const;
  /// Of the object `detail`; unescaped.
  [[nodiscard]] std::optional<std::string> detail_text(std::string_view name) const;
  [[nodiscard]] std::optional<std::uint64_t> detail_number(std::string_view name) const;
};

/// `text`: without the line's end. nullopt if it isn't of a trail.
[[nodiscard]] std::optional<Line> parse_line(std::string_view text);

/// Of what time_text() gives.
[[nodiscard]] std::optional<WallTime> parse_time(std::string_view text);

}  // namespace outcry::audit
