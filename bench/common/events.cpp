#include "common/events.h"

#include <algorithm>

namespace outcry::bench {

std::optional<EventKind> event_kind(std::string_view name) noexcept {
  const auto* found = std::ranges::find(kEventNames, name);
  if (found == kEventNames.end()) return std::nullopt;
  return static_cast<EventKind>(found - kEventNames.begin());
}

std::optional<std::uint8_t> symbol_index(std::string_view symbol) noexcept {
  const auto* found = std::ranges::find(kSymbols, symbol);
  if (found == kSymbols.end()) return std::nullopt;
  return static_cast<std::uint8_t>(found - kSymbols.begin());
}

}  // namespace outcry::bench
