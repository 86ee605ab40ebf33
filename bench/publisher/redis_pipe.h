// publisher/redis_pipe.h — commands to Redis in a pipeline, answers counted and not waited for.
//
// Waiting for each answer would bound the rate at one round trip for a message. What is unanswered
// is bounded instead: a Redis that falls behind makes the publisher wait, and the wait shows in the
// rate achieved. Thread: its owner's; calls block for at most the time-out.
#pragma once

#include <cstdint>
#include <netinet/in.h>
#include <string>

namespace outcry::bench {

class RedisPipe {
 public:
  /// Connects. Throws std::system_error.
  explicit RedisPipe(const sockaddr_in& server);
  ~RedisPipe();
  RedisPipe(const RedisPipe&) = delete;
  RedisPipe& operator=(const RedisPipe&) = delete;

  /// Writes `count` whole commands, waiting while too many are unanswered. Throws
  /// std::runtime_error when Redis refuses one, ends the connection, or takes nothing for five
  /// seconds.
  void send(const std::string& commands, std::uint64_t count);
  /// Waits until everything is answered.
  void finish();

  /// Messages that Redis handed to no subscriber.
  [[nodiscard]] std::uint64_t unheard() const noexcept { return unheard_; }

 private:
  void wait_for(short events);
  void take_answers();

  int fd_ = -1;
  std::string answers_;
  std::uint64_t unanswered_ = 0;
  std::uint64_t unheard_ = 0;
};

}  // namespace outcry::bench
