// publisher/redis_sink.h — PUBLISH commands in a pipeline; answers are counted, not waited for.
#pragma once

#include <cstdint>
#include <netinet/in.h>
#include <string>

#include "publisher/sink.h"
#include "publisher/tcp_pipe.h"

namespace outcry::bench {

/// The source's messages are whole RESP commands (redis_command).
class RedisSink final : public Sink {
 public:
  explicit RedisSink(const sockaddr_in& server) : pipe_(server, "Redis") {}

  void add(EventSource& source, std::uint32_t room) override;
  void flush() override;
  void finish() override;
  [[nodiscard]] std::uint64_t refused() const noexcept override { return 0; }
  /// `unheard`: messages that Redis handed to no subscriber.
  [[nodiscard]] std::string report() const override;

 private:
  void take_answers();

  TcpPipe pipe_;
  std::string commands_;
  std::uint64_t waiting_ = 0;     ///< commands not yet written
  std::uint64_t unanswered_ = 0;  ///< commands written
  std::uint64_t unheard_ = 0;
};

}  // namespace outcry::bench
