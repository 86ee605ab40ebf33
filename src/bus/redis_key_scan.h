// bus/redis_key_scan.h — the keys that begin with a prefix, looked for again and again.
//
//   SCAN … MATCH prefix*  ─▶  PTTL and the first bytes of each  ─▶  on_keys(), page by page
//                 └─ to the end, then a pause, then from the beginning
//
// For what another program writes with a time to live: a list of revoked tokens. A key that lives
// for less than a pause may be missed. Each pass has a connection of its own, so none is kept idle.
// SCAN walks all keys of the database, whatever the prefix: a million take it about a second, in
// pages that hold nobody else up. So the pause grows with what a pass takes.
// Thread: the control thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/clock.h"
#include "bus/redis_url.h"

namespace boost::asio {
class io_context;
}

namespace outcry::bus {

struct ScannedKey {
  std::string name;                                   // without the prefix
  std::optional<std::chrono::milliseconds> lifetime;  // absent: it has no end
  std::string value;                                  // its first 32 bytes; empty: no string
};

struct RedisKeyScanOptions {
  RedisEndpoint endpoint;
  std::string prefix;
  std::string client_name = "outcry-scan";
  std::size_t keys_max = 100'000;        // of one pass; further ones are left
  std::chrono::milliseconds pause{500};  // between two passes, at least: see pause_after()
  std::chrono::milliseconds connect_timeout{2'000};
  std::chrono::milliseconds answer_timeout{5'000};  // for each page
};

struct RedisKeyScanStats {
  std::uint64_t passes = 0;    // to the end
  std::uint64_t failures = 0;  // that ended early
  std::size_t keys = 0;        // of the last pass
  bool left_over = false;      // it had more than keys_max
  std::string failure;         // of the last pass; empty: it came to its end
  std::optional<TimePoint> completed_at;
};

/// From the end of a pass that took so long to the next: a twentieth of the time is for looking.
[[nodiscard]] std::chrono::nanoseconds pause_after(std::chrono::nanoseconds pass,
                                                   std::chrono::nanoseconds least) noexcept;

class RedisKeyScan {
 public:
  using OnKeys = std::move_only_function<void(std::span<const ScannedKey>)>;

  /// `io` must outlive this. `on_keys` must not throw, nor end this.
  RedisKeyScan(boost::asio::io_context& io, RedisKeyScanOptions options, OnKeys on_keys);
  ~RedisKeyScan();
  RedisKeyScan(const RedisKeyScan&) = delete;
  RedisKeyScan& operator=(const RedisKeyScan&) = delete;

  /// Begins, and never gives up until stop(). Once.
  void start();
  /// on_keys isn't called afterwards.
  void stop();

  [[nodiscard]] const RedisKeyScanStats& stats() const noexcept;

 private:
  struct Core;
  std::shared_ptr<Core> core_;
};

}  // namespace outcry::bus
