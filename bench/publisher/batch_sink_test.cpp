#include "publisher/batch_sink.h"

#include <array>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <utility>

#include <gtest/gtest.h>
#include <unistd.h>

namespace outcry::bench {
namespace {

/// A port of this machine that answers every request of one connection in order.
class Port {
 public:
  Port() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t bytes = sizeof address_;
    EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&address_), bytes), 0);
    EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&address_), &bytes), 0);
    EXPECT_EQ(listen(fd_, 1), 0);
  }
  ~Port() {
    if (thread_.joinable()) thread_.join();
    close(fd_);
  }
  Port(const Port&) = delete;
  Port& operator=(const Port&) = delete;

  /// Answers each request of one connection with `answer`, until the other side ends it.
  void serve(std::string answer) {
    thread_ = std::jthread([this, answer = std::move(answer)] {
      const int connection = accept(fd_, nullptr, nullptr);
      std::array<char, 4096> chunk;
      for (int answered = 0;;) {
        const ssize_t got = recv(connection, chunk.data(), chunk.size(), 0);
        if (got <= 0) break;
        received_.append(chunk.data(), static_cast<std::size_t>(got));
        for (; answered < requests(); ++answered) {
          EXPECT_EQ(send(connection, answer.data(), answer.size(), MSG_NOSIGNAL),
                    static_cast<ssize_t>(answer.size()));
        }
      }
      close(connection);
    });
  }
  /// Everything, once the other side has ended the connection.
  const std::string& received() {
    thread_.join();
    return received_;
  }
  [[nodiscard]] const sockaddr_in& address() const { return address_; }

 private:
  [[nodiscard]] int requests() const {
    int count = 0;
    for (std::size_t at = received_.find("}]"); at != std::string::npos;
         at = received_.find("}]", at + 1)) {
      ++count;
    }
    return count;
  }
  int fd_;
  sockaddr_in address_{};
  std::string received_;
  std::jthread thread_;
};

EventSource source_of_short_events() {
  return EventSource({{MessageTemplate(R"({"r":"bench-0000000","t":"0000000000000000000"})",
                                       EventKind::risk_alert)}},
                     {});
}

TEST(BatchSink, a_full_batch_is_posted_at_once_and_the_rest_by_flush) {
  Port port;
  port.serve("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}");
  {
    BatchSink sink(port.address(), {.host = "h", .api_key = "k", .batch_max = 2, .connections = 1});
    EventSource source = source_of_short_events();
    for (const std::uint32_t room : {1U, 2U, 3U}) sink.add(source, room);
    sink.finish();
    EXPECT_EQ(sink.report(), R"("requests":2,"refused":0)");
  }
  const std::string& received = port.received();
  EXPECT_TRUE(received.starts_with(
      "POST /v1/batch HTTP/1.1\r\nHost: h\r\nX-API-Key: k\r\nContent-Type: application/json\r\n"
      "Content-Length: 97\r\n\r\n[{\"r\":\"bench-0000001\""))
      << received;
  EXPECT_NE(received.find(R"(},{"r":"bench-0000002")"), std::string::npos);
  EXPECT_NE(received.find("Content-Length: 49\r\n\r\n[{\"r\":\"bench-0000003\""),
            std::string::npos);
}

TEST(BatchSink, what_a_busy_server_refuses_is_counted) {
  Port port;
  port.serve(
      "HTTP/1.1 503 Busy\r\nContent-Length: 33\r\n\r\n"
      R"({"error":1},{"id":2},{"error":3} )");
  BatchSink sink(port.address(), {.batch_max = 3, .connections = 1});
  EventSource source = source_of_short_events();
  for (int i = 0; i < 3; ++i) sink.add(source, 0);
  sink.finish();
  EXPECT_EQ(sink.refused(), 2U);
}

TEST(BatchSink, any_other_answer_ends_the_run_and_is_told) {
  Port port;
  port.serve("HTTP/1.1 403 No\r\nContent-Length: 3\r\n\r\nkey");
  BatchSink sink(port.address(), {.connections = 1});
  EventSource source = source_of_short_events();
  sink.add(source, 0);
  try {
    sink.finish();
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "the operations port answered 403: key");
  }
}

}  // namespace
}  // namespace outcry::bench
