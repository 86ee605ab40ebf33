// gateway/awaited_acks.h — events whose publishers wait for the first acknowledgement.
//
// Bounded in events and in recipients; beyond it nobody is waited for, and the publisher's own
// time runs out. Thread: its worker's only. Owner: Worker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "gateway/messages.h"

namespace outcry::gateway {

inline constexpr std::size_t kAwaitedAcksMax = 10'000;
inline constexpr std::size_t kAwaitedRecipientsMax = 1'000'000;
/// The publishers' own limit for a callback (python-socketio's call()).
inline constexpr std::chrono::seconds kAckLifetime{60};

class AwaitedAcks {
 public:
  void add(const AckWish& wish, std::span<const SessionId> recipients, TimePoint now);
  /// What the publisher is to hear; null unless this session was sent the event and is the first to
  /// answer.
  [[nodiscard]] std::unique_ptr<CallbackAnswer> take(SessionId session, std::uint64_t ack_id,
                                                     std::string_view arguments);
  void forget_expired(TimePoint now);

  [[nodiscard]] std::size_t size() const noexcept { return acks_.size(); }

 private:
  struct Ack {
    AckWish wish;
    std::vector<SessionId> recipients;
    TimePoint expires;
  };
  using Acks = std::map<std::uint64_t, Ack>;  // ids rise: the oldest first

  void forget(Acks::iterator ack);

  Acks acks_;
  std::size_t recipients_ = 0;  // of all of them
};

}  // namespace outcry::gateway
