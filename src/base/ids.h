// base/ids.h — handles that may cross time and threads where a pointer may not.
//
// A slot is reused after its owner is gone; the generation tells the owners apart, so a late
// answer to a closed session finds nobody instead of the slot's next owner.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace outcry {

/// Index of a worker in this process, 0-based.
using WorkerId = std::uint8_t;

/// Most workers in one process: the engine session id spends one byte on the worker.
inline constexpr std::size_t kWorkersMax = 64;

/// Index of a configured namespace (`/` is 0), fixed for the life of the process.
using NamespaceId = std::uint8_t;

/// A client session: one Socket.IO socket (a client in one namespace) on one worker. Never sent.
/// A generation of 0 is never given out, so a default SessionId names nobody.
struct SessionId {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;

  [[nodiscard]] bool valid() const noexcept { return generation != 0; }
  auto operator<=>(const SessionId&) const = default;
};

/// An Engine.IO session (one browser connection across transports) on one worker. Never sent.
struct EngineId {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;

  [[nodiscard]] bool valid() const noexcept { return generation != 0; }
  auto operator<=>(const EngineId&) const = default;
};

}  // namespace outcry

template <>
struct std::hash<outcry::SessionId> {
  std::size_t operator()(const outcry::SessionId& id) const noexcept {
    return std::hash<std::uint64_t>{}((std::uint64_t{id.generation} << 32) | id.slot);
  }
};
