// common/events.h — the two events of the workloads, and the streams that they form.
//
//   equity_updated   its key is the field `trade_symbol`: 28 streams in each room
//   risk_alert       no key: one stream in each room
//
// A stream is what a server may thin out or must not: of class `latest` only the newest of a stream
// matters, of class `must` every event does. A stream is summed up in three numbers, so that what
// was published and what arrived are compared without keeping either.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace outcry::bench {

enum class EventKind : std::uint8_t { equity_updated, risk_alert };
inline constexpr std::array<std::string_view, 2> kEventNames{"equity_updated", "risk_alert"};

[[nodiscard]] constexpr std::string_view event_name(EventKind kind) noexcept {
  return kEventNames[static_cast<std::size_t>(kind)];
}
/// nullopt for a name that no workload has.
[[nodiscard]] std::optional<EventKind> event_kind(std::string_view name) noexcept;

/// The field that holds the key of an equity_updated, and its values: all of one width, so that one
/// overwrites another in a captured message. The captures hold the first.
inline constexpr std::string_view kSymbolField = "trade_symbol";
inline constexpr std::size_t kSymbolBytes = 6;
inline constexpr std::array<std::string_view, 28> kSymbols{
    "EURUSD", "GBPUSD", "AUDUSD", "NZDUSD", "USDCAD", "USDCHF", "USDJPY",
    "EURGBP", "EURAUD", "EURNZD", "EURCAD", "EURCHF", "EURJPY", "GBPAUD",
    "GBPNZD", "GBPCAD", "GBPCHF", "GBPJPY", "AUDNZD", "AUDCAD", "AUDCHF",
    "AUDJPY", "NZDCAD", "NZDCHF", "NZDJPY", "CADCHF", "CADJPY", "CHFJPY"};

/// Position in kSymbols; nullopt for another text.
[[nodiscard]] std::optional<std::uint8_t> symbol_index(std::string_view symbol) noexcept;

/// The streams of one room: one for each symbol, then that of risk_alert.
inline constexpr std::size_t kStreamsOfRoom = kSymbols.size() + 1;
[[nodiscard]] constexpr std::size_t stream_slot(EventKind kind, std::uint8_t symbol) noexcept {
  return kind == EventKind::equity_updated ? symbol : kSymbols.size();
}
[[nodiscard]] constexpr EventKind kind_of_slot(std::size_t slot) noexcept {
  return slot < kSymbols.size() ? EventKind::equity_updated : EventKind::risk_alert;
}

/// What was published into, or arrived from, one stream. Times of publishing are unique and grow,
/// so count and sum are equal for equal sets and, in practice, for no others.
struct StreamSum {
  std::uint64_t count = 0;
  std::uint64_t sum = 0;  ///< of the times of publishing, modulo 2^64
  std::uint64_t newest_ns = 0;

  void add(std::uint64_t published_ns) noexcept {
    ++count;
    sum += published_ns;
    if (published_ns > newest_ns) newest_ns = published_ns;
  }
  bool operator==(const StreamSum&) const = default;
};

}  // namespace outcry::bench
