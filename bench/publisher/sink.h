// publisher/sink.h — where a publisher's events go: to Redis, or to the operations port.
#pragma once

#include <cstdint>
#include <string>

#include "publisher/event_source.h"

namespace outcry::bench {

class Sink {
 public:
  Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  virtual ~Sink() = default;

  /// Takes the next event of `source` for `room`. It may be sent at once, or by flush(). What is
  /// unanswered is bounded: a server that falls behind makes the publisher wait, and the wait shows
  /// in the rate achieved. All throw std::runtime_error when the server refuses to go on.
  virtual void add(EventSource& source, std::uint32_t room) = 0;
  virtual void flush() = 0;
  /// Waits until everything is answered.
  virtual void finish() = 0;

  /// Events that the server answered it did not take: the ledger holds them, so it would be wrong.
  [[nodiscard]] virtual std::uint64_t refused() const noexcept = 0;
  /// Further members of the report: `"unheard":0`.
  [[nodiscard]] virtual std::string report() const = 0;
};

}  // namespace outcry::bench
