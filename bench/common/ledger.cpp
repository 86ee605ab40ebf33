#include "common/ledger.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>

namespace outcry::bench {
namespace {

constexpr std::string_view kNoKey = "-";

std::string_view key_of_slot(std::size_t slot) {
  return kind_of_slot(slot) == EventKind::equity_updated ? kSymbols[slot] : kNoKey;
}

std::optional<std::size_t> slot_of(std::string_view event, std::string_view key) {
  const auto kind = event_kind(event);
  if (!kind) return std::nullopt;
  if (*kind != EventKind::equity_updated) {
    return key == kNoKey ? std::optional(stream_slot(*kind, 0)) : std::nullopt;
  }
  const auto symbol = symbol_index(key);
  return symbol ? std::optional(stream_slot(*kind, *symbol)) : std::nullopt;
}

}  // namespace

void Ledger::add(std::uint32_t room, EventKind kind, std::uint8_t symbol,
                 std::uint64_t published_ns) {
  rooms_[room][stream_slot(kind, symbol)].add(published_ns);
}

const RoomStreams& Ledger::of(std::uint32_t room) const {
  static const RoomStreams kNothing{};
  const auto found = rooms_.find(room);
  return found == rooms_.end() ? kNothing : found->second;
}

void Ledger::write(const std::string& file) const {
  std::vector<std::uint32_t> numbers;
  numbers.reserve(rooms_.size());
  for (const auto& [room, streams] : rooms_) numbers.push_back(room);
  std::ranges::sort(numbers);
  std::ofstream out(file);
  for (const std::uint32_t room : numbers) {
    const RoomStreams& streams = rooms_.at(room);
    for (std::size_t slot = 0; slot < streams.size(); ++slot) {
      const StreamSum& stream = streams[slot];
      if (stream.count == 0) continue;
      out << fmt::format("{:07} {} {} {} {} {}\n", room, event_name(kind_of_slot(slot)),
                         key_of_slot(slot), stream.count, stream.sum, stream.newest_ns);
    }
  }
  out.close();
  if (!out) throw std::runtime_error(file + ": can't be written");
}

Ledger Ledger::read(const std::string& file) {
  std::ifstream in(file);
  if (!in) throw std::runtime_error(file + ": can't be read");
  Ledger ledger;
  std::string line;
  for (int number = 1; std::getline(in, line); ++number) {
    std::istringstream words(line);
    std::uint32_t room = 0;
    std::string event, key;
    StreamSum stream;
    words >> room >> event >> key >> stream.count >> stream.sum >> stream.newest_ns;
    const auto slot = slot_of(event, key);
    if (words.fail() || !slot) {
      throw std::runtime_error(fmt::format("{}:{}: not a stream", file, number));
    }
    ledger.rooms_[room][*slot] = stream;
  }
  return ledger;
}

}  // namespace outcry::bench
