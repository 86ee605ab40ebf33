// publisher/publish_command.h — how a program that holds server and publisher is told to publish.
//
//   publish room|random RATE BURST FROM TO [LEDGER]
//
//   room      every event to challenge 0, so to all who joined it; random: to challenges drawn
//   RATE      events a second; 0: as fast as they are taken
//   BURST     events at once, to one room
//   FROM TO   nanoseconds of CLOCK_MONOTONIC: starts at once and ends at TO; what is stamped in
//             [FROM, TO) is counted apart
//   LEDGER    a file for the generator's `verify`
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "publisher/event_source.h"
#include "publisher/pacer.h"

namespace outcry::bench {

struct PublishCommand {
  bool to_random_rooms = false;
  double rate = 0;
  std::uint32_t burst = 1;
  std::uint64_t from_ns = 0;
  std::uint64_t to_ns = 0;
  std::string ledger;
};

/// nullopt for a line that isn't as above, for a BURST outside 1..1000, and for a TO that lies more
/// than five minutes after `now_ns`: every run is bounded.
[[nodiscard]] std::optional<PublishCommand> parse_publish(std::string_view line,
                                                          std::uint64_t now_ns);

/// How many bursts are due, paced or as fast as possible.
class BurstPacer {
 public:
  BurstPacer(const PublishCommand& command, std::uint64_t start_ns);

  [[nodiscard]] std::uint64_t take(std::uint64_t now_ns) noexcept;
  /// Events that were due and are not made any more, because the program was too slow.
  [[nodiscard]] std::uint64_t given_up() const noexcept;

 private:
  std::optional<Pacer> pacer_;  // absent: as fast as possible
  std::uint32_t burst_;
};

/// User and kernel time of this process since its start.
[[nodiscard]] double cpu_seconds();

/// The answer: `{"sent":…,"sent_in_window":…,"seconds":…,"per_second":…,"by_event":{…},
/// "given_up":…,"cpu":…,EXTRA}`; `extra` are further members.
[[nodiscard]] std::string publish_report(const EventTally& tally, double seconds, double cpu,
                                         std::uint64_t given_up, std::string_view extra);

}  // namespace outcry::bench
