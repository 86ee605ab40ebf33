// gateway/revoker.h — revocations from all sources, on their way to the workers.
//
//   POST /v1/revoke ──┐
//   outcry:revoke ────┼─▶ news? ─▶ a batch, 20 ms at most ─▶ every worker: sockets end
//   Redis' keys ──────┘
//
// A worker looks through its sockets once for a batch, so many revocations at once cost little more
// than one. Thread: the control thread. Owner: Gateway.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include <boost/asio/any_io_executor.hpp>

#include "config/config.h"
#include "gateway/revocations.h"

namespace outcry::gateway {

enum class RevocationSource : std::uint8_t { api, publisher, redis };
inline constexpr std::size_t kRevocationSourceCount = 3;

struct RevokerStats {
  std::array<std::uint64_t, kRevocationSourceCount> taken{};  // that were news
  std::uint64_t not_kept = 0;                                 // the table was full
  std::size_t entries = 0;
};

class Revoker {
 public:
  /// Gives how many sockets each revocation of a batch has ended.
  using Counted = std::move_only_function<void(const std::vector<std::uint32_t>&)>;
  using Post = std::function<void(RevocationBatch, Counted)>;

  /// `config` and the executor's context must outlive this.
  Revoker(const boost::asio::any_io_executor& executor, const config::AuthConfig& config,
          const limits::KeyHash& hash, Post post);
  ~Revoker();
  Revoker(const Revoker&) = delete;
  Revoker& operator=(const Revoker&) = delete;

  /// `done` may be empty. Errors: RevocationError.
  void revoke(const TokenRevocation& revocation, RevocationSource source, RevocationDone done);
  /// Called for each that is news; may be empty.
  std::function<void(const TokenRevocation&)> on_news;
  /// Answers who waits that there is nobody any more.
  void stop();

  /// Nothing waits to be posted.
  [[nodiscard]] bool settled() const noexcept { return batch_.empty(); }
  [[nodiscard]] RevokerStats stats() const;

 private:
  struct Waiting {
    std::size_t index = 0;  // in the batch
    bool kept = true;
    RevocationDone done;
  };
  struct Timer;

  void flush();

  const config::AuthConfig& config_;
  const limits::KeyHash hash_;
  const Post post_;
  Revocations known_;
  std::vector<Revocation> batch_;
  std::vector<Waiting> waiting_;
  std::shared_ptr<Timer> timer_;
  RevokerStats stats_;
};

}  // namespace outcry::gateway
