// bus/redis_server_for_test.h — a real redis-server for tests: on loopback, without a disk, ended
// with its owner.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

struct redisContext;

namespace outcry::bus {

/// A port of 127.0.0.1 that was free a moment ago.
[[nodiscard]] std::uint16_t free_port();

class RedisServer {
 public:
  /// Starts the server and waits until it accepts connections. Throws if it doesn't start.
  explicit RedisServer(std::uint16_t port, const std::vector<std::string>& arguments = {});
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  /// A stopped server keeps its connections and answers nothing, as a host that was lost.
  void pause() const;
  void resume() const;

 private:
  void end() const;

  pid_t pid_ = 0;
  int output_ = -1;
};

/// A blocking client: the publisher's side of a test. Throws if the server refuses.
class RedisClient {
 public:
  explicit RedisClient(std::uint16_t port);
  void publish(std::string_view channel, std::string_view payload);
  /// Queues; answers() sends all and waits for all answers.
  void append_publish(std::string_view channel, std::string_view payload);
  void answers(std::size_t count);
  /// The answer's text.
  std::string command(const std::vector<std::string>& arguments);

 private:
  struct Free {
    void operator()(redisContext* context) const noexcept;
  };
  std::unique_ptr<redisContext, Free> context_;
};

}  // namespace outcry::bus
