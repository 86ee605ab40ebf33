// gateway/event_encoder.h — a publication as the frames that clients get: encoded once, under its
// own name and under each alias, so that both generations of front ends hear it.
//
//   42["equity_updated",{…},"AAAAAB…"]     with the position that it was released at
//
// Pure. Thread: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bus/publication.h"
#include "config/config.h"
#include "eventlog/position.h"
#include "transport/frame.h"

namespace outcry::gateway {

/// One event as it is sent: under its own name, then under each alias.
struct EventFrames {
  transport::SharedFrame own;
  std::vector<transport::SharedFrame> aliases;  // nearly always none

  template <class F>
  void for_each(F&& f) const {
    f(own);
    for (const transport::SharedFrame& alias : aliases) f(alias);
  }
  [[nodiscard]] std::uint64_t names() const noexcept { return 1 + aliases.size(); }
  /// On the wire, all names together.
  [[nodiscard]] std::size_t bytes() const;
  /// The event's position as a JSON string, once it is set; empty if it has none.
  [[nodiscard]] std::string_view position() const;
};

struct EncodeOptions {
  /// Asks each client for an acknowledgement; under the event's own name only.
  std::optional<std::uint64_t> ack_id;
  /// Leaves room for a position as last argument: set_positions() fills it in. Not where an
  /// acknowledgement is asked for: its callback is the last argument, and EventMark has the
  /// position.
  bool with_position = false;
};

/// Makes room for a position, which is the last argument then, in an event's packet; writes it.
/// Returns how long the trailer is (transport::make_frame).
[[nodiscard]] std::size_t append_position(std::string& packet, const eventlog::Position& position);

/// `scratch` is written over: a caller that keeps it saves allocations.
[[nodiscard]] EventFrames encode_event(const bus::Publication& publication,
                                       const config::Strings& aliases, const EncodeOptions& options,
                                       std::string& scratch);

/// Writes the event's position into frames that nobody else holds yet. Each name counts: the last
/// one carries `position`, each before it one less, but none less than `before`. A client that got
/// one name of two gets the other.
void set_positions(const EventFrames& frames, const eventlog::Position& before,
                   const eventlog::Position& position);

}  // namespace outcry::gateway
