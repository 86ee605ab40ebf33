// load/verdict.h — did a connection end with what it must have?
//
//   published (ledger)          received                         verdict
//   must   1 2 3                1 2 3                            complete
//   latest a1 b1 a2 a3          a1 b1 a2 a3 │ b1 a3 │ a3 b1…     complete │ conflated │ out of
//   order
//                               b1 a2                            stale: the newest of `a` is
//                               missing
//   must   1 2 3                1 3                              incomplete
//
// Order, doubled events and foreign ones are seen at each receipt; here remains what only the end
// shows. A server may thin out what is declared `latest`; the newest of each key must arrive. It
// may also close a reader that is too slow, if it says so with close code 4429: the client then
// knows that it has to join again.
#pragma once

#include <bitset>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "common/events.h"
#include "common/ledger.h"

namespace outcry::bench {

enum class Verdict : std::uint8_t {
  complete,      ///< every event
  conflated,     ///< every `must` and the newest of every `latest` stream
  closed_4429,   ///< the server ended it, saying that it read too slowly
  closed_other,  ///< it ended in another way
  incomplete,    ///< open, but a `must` stream isn't what was published
  stale,         ///< open, but the newest of a `latest` stream is missing
};
inline constexpr std::size_t kVerdicts = 6;
[[nodiscard]] std::string_view verdict_name(Verdict verdict) noexcept;

inline constexpr std::uint16_t kTooSlowCode = 4429;

/// How a connection ended, if it did. `code` is the server's close code, 0 if none came.
struct ConnectionEnd {
  bool is_open = true;
  std::uint16_t code = 0;
};

/// The kinds of events that the server was told may be superseded; by position in kEventNames.
using LatestKinds = std::bitset<kEventNames.size()>;

/// `received` has kStreamsOfRoom elements.
[[nodiscard]] Verdict judge(const RoomStreams& published, std::span<const StreamSum> received,
                            LatestKinds latest, ConnectionEnd end) noexcept;

/// May it be so? A fast reader never has a reason to be closed.
[[nodiscard]] bool is_fault(Verdict verdict, bool is_slow) noexcept;

}  // namespace outcry::bench
