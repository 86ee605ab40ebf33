#include "gateway/revoker.h"

#include <utility>

#include <boost/asio/steady_timer.hpp>

namespace outcry::gateway {
namespace {

constexpr milliseconds kBatchTime{20};
constexpr std::size_t kBatchMax = 4096;

}  // namespace

struct Revoker::Timer {
  explicit Timer(const boost::asio::any_io_executor& executor) : timer(executor) {}
  boost::asio::steady_timer timer;
};

Revoker::Revoker(const boost::asio::any_io_executor& executor, const config::AuthConfig& config,
                 const limits::KeyHash& hash, Post post)
    : config_(config),
      hash_(hash),
      post_(std::move(post)),
      known_(config.revocations_max),
      timer_(std::make_shared<Timer>(executor)) {}

Revoker::~Revoker() {
  stop();
}

void Revoker::revoke(const TokenRevocation& revocation, RevocationSource source,
                     RevocationDone done) {
  const auto answer = [&done](Result<std::size_t> result) {
    if (done) done(result);
  };
  if (timer_ == nullptr) return answer(fail(RevocationError::unavailable));
  if (!revocation.until && config_.age_max == seconds::zero()) {
    return answer(fail(RevocationError::needs_end));
  }
  const WallTime now = wall_now();
  // So long no token that is out there now can still be taken.
  const WallTime until =
      revocation.until.value_or(now + config_.age_max + 2 * config_.leeway + seconds(1));
  const Revocation entry{.key = revocation_key(hash_, revocation.kind, revocation.value),
                         .until = until,
                         .issued_before = revocation.issued_before.value_or(WallTime::max())};
  const auto added = known_.add(entry, now);
  // Said again by a caller it is looked through again: he wants to know that nobody is left.
  if (added == Revocations::Added::known && !done) return;
  if (added != Revocations::Added::known) {
    ++stats_.taken[static_cast<std::size_t>(source)];
    if (on_news) on_news(revocation);
  }
  const bool kept = added != Revocations::Added::full;
  if (!kept) ++stats_.not_kept;
  if (done) waiting_.push_back({.index = batch_.size(), .kept = kept, .done = std::move(done)});
  batch_.push_back(entry);
  if (batch_.size() >= kBatchMax) return flush();
  if (batch_.size() > 1) return;
  timer_->timer.expires_after(kBatchTime);
  timer_->timer.async_wait([this, weak = std::weak_ptr(timer_)](auto cancelled) {
    if (!cancelled && !weak.expired()) flush();
  });
}

void Revoker::flush() {
  if (batch_.empty()) return;
  timer_->timer.cancel();
  auto batch = std::make_shared<const std::vector<Revocation>>(std::exchange(batch_, {}));
  post_(std::move(batch),
        [waiting = std::exchange(waiting_, {})](const std::vector<std::uint32_t>& counts) mutable {
          for (Waiting& one : waiting) {
            if (one.kept) {
              one.done(counts[one.index]);
            } else {
              one.done(fail(RevocationError::too_many));
            }
          }
        });
}

void Revoker::stop() {
  if (timer_ == nullptr) return;
  timer_->timer.cancel();
  timer_.reset();
  for (Waiting& one : std::exchange(waiting_, {})) one.done(fail(RevocationError::unavailable));
}

RevokerStats Revoker::stats() const {
  RevokerStats stats = stats_;
  stats.entries = known_.size();
  return stats;
}

}  // namespace outcry::gateway
