// net/tls_tickets.h — the keys of session tickets: the same in every worker, without a word
// between them.
//
//   seed ─▶ link 0 ─▶ link 1 ─▶ link 2 …      one link an hour, each made from the one before
//             │         │         │
//           key 0     key 1     key 2         issued under the newest, accepted under the last two
//
// A ticket holds what a session needs to resume, sealed for ourselves (RFC 5077), so that any
// worker can resume what another began and none keeps a table. A link can't be computed back:
// once the seed is forgotten, who reads the memory of the process can open the tickets of the last
// two periods, and with them TLS 1.2 sessions recorded then, but none before.
// Thread: one copy for each worker, its only.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <span>

#include "base/clock.h"

namespace outcry::net {

struct TicketSeed {
  std::array<unsigned char, 32> secret{};
  TimePoint began;  // of the first period

  [[nodiscard]] static TicketSeed random(TimePoint now);
  void forget() noexcept;
};

class TicketKeys {
 public:
  /// Also the lifetime of a ticket: whoever comes back within it finds its key.
  static constexpr std::chrono::hours kPeriod{1};

  struct Key {
    std::array<unsigned char, 16> name{};    // public: says which key sealed a ticket
    std::array<unsigned char, 32> cipher{};  // AES-256
    std::array<unsigned char, 32> mac{};     // HMAC-SHA-256
  };

  explicit TicketKeys(const TicketSeed& seed);
  TicketKeys(const TicketKeys&) = delete;
  TicketKeys& operator=(const TicketKeys&) = delete;
  ~TicketKeys();

  /// The key to seal with.
  [[nodiscard]] const Key& newest(TimePoint now);
  /// The key of this name, or nullptr if it is older than the last two, or not ours.
  [[nodiscard]] const Key* find(std::span<const unsigned char, 16> name, TimePoint now);

 private:
  void advance(TimePoint now);

  std::array<unsigned char, 32> link_;
  TimePoint next_;  // the current period ends
  Key newest_;
  Key previous_;
};

}  // namespace outcry::net
