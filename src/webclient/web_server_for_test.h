// webclient/web_server_for_test.h — a server that does as a test says, over real sockets: it reads
// whole requests, and answers each with the bytes that a script returns.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace boost::asio {
class io_context;
}

namespace outcry::webclient {

class WebServerForTest {
 public:
  struct Reply {
    std::string bytes;
    bool close = false;                  // afterwards
    std::chrono::milliseconds delay{0};  // before
  };
  /// Gets the request's head and body, and which request of this server it is, from 0.
  using Script = std::function<Reply(const std::string& request, int number)>;

  /// Listens on a free port of 127.0.0.1; over TLS if it is given PEM texts.
  WebServerForTest(boost::asio::io_context& io, Script script, std::string certificate = {},
                   std::string key = {});
  ~WebServerForTest();
  WebServerForTest(const WebServerForTest&) = delete;
  WebServerForTest& operator=(const WebServerForTest&) = delete;

  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] int connections() const;  // accepted
  [[nodiscard]] int open() const;         // of those
  [[nodiscard]] int requests() const;
  /// Closes all connections; new ones are accepted.
  void close_all();

 private:
  struct Core;
  std::shared_ptr<Core> core_;
};

/// `HTTP/1.1 200 OK` with that body.
[[nodiscard]] std::string ok(const std::string& body);

}  // namespace outcry::webclient
