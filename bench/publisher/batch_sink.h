// publisher/batch_sink.h — POST /v1/batch on kept-alive connections, several requests ahead.
//
//   room 0, 4, 8 … ──▶ connection 0 ── [ {…},{…},… ] [ … ] ──▶ operations port
//   room 1, 5, 9 … ──▶ connection 1
//
// A room always goes by the same connection and a connection's requests are answered in order, so
// the order of a room's events is the order in which they were made.
#pragma once

#include <cstdint>
#include <memory>
#include <netinet/in.h>
#include <string>
#include <string_view>
#include <vector>

#include "publisher/sink.h"
#include "publisher/tcp_pipe.h"

namespace outcry::bench {

struct BatchOptions {
  std::string host;  ///< the operations port as text, for the Host header
  std::string api_key;
  std::uint32_t batch_max = 100;  ///< events of one request, 1 to 1,000
  std::uint32_t connections = 4;
  std::uint32_t pipeline = 4;  ///< requests of one connection that may be unanswered
};

/// The source's messages are elements of a batch (batch_item).
class BatchSink final : public Sink {
 public:
  BatchSink(const sockaddr_in& server, const BatchOptions& options);

  void add(EventSource& source, std::uint32_t room) override;
  void flush() override;
  void finish() override;
  [[nodiscard]] std::uint64_t refused() const noexcept override { return refused_; }
  [[nodiscard]] std::string report() const override;

 private:
  struct Lane {
    std::unique_ptr<TcpPipe> pipe;
    std::string items;  ///< of the batch being filled, joined by ','
    std::uint32_t count = 0;
    std::uint32_t unanswered = 0;
  };

  void post(Lane& lane);
  void take_answers(Lane& lane);

  BatchOptions options_;
  std::vector<Lane> lanes_;
  std::uint64_t requests_ = 0;
  std::uint64_t refused_ = 0;
};

/// How many of a batch were refused, by the `results` of a 503 (docs/reference/http-api.md).
[[nodiscard]] std::uint64_t refused_in(std::string_view body) noexcept;

}  // namespace outcry::bench
