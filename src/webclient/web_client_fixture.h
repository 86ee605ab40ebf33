// webclient/web_client_fixture.h — a client, servers that do as a test says, and the loop of both.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "webclient/web_client.h"
#include "webclient/web_server_for_test.h"

namespace outcry::webclient::test {

using Reply = WebServerForTest::Reply;
using Script = WebServerForTest::Script;

inline Script always(const std::string& bytes, bool close = false) {
  return [bytes, close](const std::string&, int) { return Reply{.bytes = bytes, .close = close}; };
}
/// Reads, and says nothing.
inline Script silent() {
  return always("");
}

class WebClientTest : public testing::Test {
 protected:
  WebClientOptions to(const WebServerForTest& server) {
    WebClientOptions options;
    options.url = {false, "127.0.0.1", server.port(), "/"};
    options.timeout = milliseconds(5'000);
    return options;
  }
  std::unique_ptr<WebClient> client(WebClientOptions options) {
    auto made = WebClient::create(io.get_executor(), std::move(options));
    EXPECT_TRUE(made);
    return *std::move(made);
  }
  /// Runs until the answer is there.
  Result<WebResponse> ask(WebClient& client, WebRequest request = {}) {
    std::optional<Result<WebResponse>> answer;
    client.send(std::move(request), [&](Result<WebResponse> got) { answer = std::move(got); });
    EXPECT_FALSE(answer) << "answered before send() returned";
    until([&] { return answer.has_value(); });
    return answer.value_or(fail(WebError::stopped));
  }
  template <class F>
  void until(F&& condition) {
    io.restart();
    const TimePoint end = steady_now() + std::chrono::seconds(10);
    while (!condition() && steady_now() < end) io.run_one_for(milliseconds(100));
    EXPECT_TRUE(condition());
  }
  std::error_code error_of(const Script& script, const WebClientOptions& limits = {}) {
    WebServerForTest server(io, script);
    WebClientOptions options = to(server);
    options.timeout = limits.timeout;
    options.header_bytes_max = limits.header_bytes_max;
    options.body_bytes_max = limits.body_bytes_max;
    const auto answer = ask(*client(options));
    return answer ? std::error_code() : answer.error();
  }

  boost::asio::io_context io;
};

}  // namespace outcry::webclient::test
