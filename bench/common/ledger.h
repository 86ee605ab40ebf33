// common/ledger.h — what a publisher published, for the generator to compare with what arrived.
//
//   0000042 equity_updated EURUSD 1200 77123… 18200456…      room event key count sum newest_ns
//   0000042 risk_alert - 60 3855… 18200311…
//
// The publisher writes it after its last event; one line a stream that had any. Sums instead of
// events keep a run of millions at a few megabytes, and neither side slower.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <unordered_map>

#include "common/events.h"

namespace outcry::bench {

using RoomStreams = std::array<StreamSum, kStreamsOfRoom>;

class Ledger {
 public:
  void add(std::uint32_t room, EventKind kind, std::uint8_t symbol, std::uint64_t published_ns);

  /// All streams of a room; empty ones for a room that had no event.
  [[nodiscard]] const RoomStreams& of(std::uint32_t room) const;

  /// Throws std::runtime_error naming the file.
  void write(const std::string& file) const;
  /// Throws std::runtime_error naming the file, and the line at fault.
  [[nodiscard]] static Ledger read(const std::string& file);

 private:
  std::unordered_map<std::uint32_t, RoomStreams> rooms_;
};

}  // namespace outcry::bench
