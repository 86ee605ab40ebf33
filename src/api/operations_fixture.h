// api/operations_fixture.h — a real TCP client against the server; the gateway behind it records
// what it is asked.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "api/ban_routes.h"
#include "api/event_routes.h"
#include "api/health_routes.h"
#include "api/member_routes.h"
#include "api/operations_server.h"
#include "api/publish_routes.h"
#include "api/receipt_routes.h"
#include "api/recording_operations_for_test.h"
#include "api/revocation_routes.h"
#include "base/clock.h"

namespace outcry::api::test {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using nlohmann::json;

using HttpResponse = http::response<http::string_body>;

class OperationsServerTest : public testing::Test {
 protected:
  OperationsServerTest() {
    options_.api_keys = {"old-key", "new-key"};
    options_.body_bytes_max = 2000;
    options_.header_bytes_max = 4096;
  }

  void start() {
    Router router;
    add_publish_routes(router, operations_);
    add_event_routes(router, operations_);
    add_receipt_routes(router, operations_);
    add_member_routes(router, operations_);
    add_ban_routes(router, operations_);
    add_revocation_routes(router, operations_);
    add_health_routes(router, operations_);
    server_.emplace(io_, options_, std::move(router));
    ASSERT_EQ(server_->listen("127.0.0.1", 0), std::error_code());
    ASSERT_NE(server_->port(), 0);
  }

  tcp::socket connect() {
    tcp::socket socket(io_);
    socket.connect({asio::ip::make_address("127.0.0.1"), server_->port()});
    return socket;
  }

  template <class Condition>
  bool run_until(Condition condition) {
    const TimePoint end = steady_now() + std::chrono::minutes(1);  // then the test has failed
    while (!condition() && steady_now() < end) {
      io_.restart();
      io_.run_one_for(milliseconds(100));
    }
    return condition();
  }

  void send(tcp::socket& socket, const std::string& bytes) {
    bool done = false;
    asio::async_write(socket, asio::buffer(bytes), [&](auto, std::size_t) { done = true; });
    EXPECT_TRUE(run_until([&] { return done; }));
  }

  // nullopt: the server closed the connection without an answer.
  std::optional<HttpResponse> receive(tcp::socket& socket, boost::beast::flat_buffer& buffer,
                                      bool is_head = false) {
    http::response_parser<http::string_body> parser;
    parser.skip(is_head);
    std::optional<boost::system::error_code> outcome;
    http::async_read(socket, buffer, parser,
                     [&](boost::system::error_code error, std::size_t) { outcome = error; });
    EXPECT_TRUE(run_until([&] { return outcome.has_value(); }));
    if (!outcome || *outcome) return std::nullopt;
    return parser.release();
  }

  HttpResponse exchange(const std::string& bytes, bool is_head = false) {
    tcp::socket socket = connect();
    boost::beast::flat_buffer buffer;
    send(socket, bytes);
    auto response = receive(socket, buffer, is_head);
    EXPECT_TRUE(response) << "no answer to: " << bytes.substr(0, 200);
    return response.value_or(HttpResponse());
  }

  static std::string post(std::string_view path, std::string_view body,
                          std::string_view headers = "") {
    return fmt::format(
        "POST {} HTTP/1.1\r\nHost: localhost\r\nX-API-Key: new-key\r\n"
        "Content-Type: application/json\r\nContent-Length: {}\r\n{}\r\n{}",
        path, body.size(), headers, body);
  }
  static std::string get(std::string_view target) {
    return fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n", target);
  }

  void expect_problem(const std::string& request, int status, std::string_view type) {
    const HttpResponse response = exchange(request);
    EXPECT_EQ(response.result_int(), status) << request.substr(0, 200);
    EXPECT_EQ(response[http::field::content_type], "application/problem+json");
    const json body = json::parse(response.body(), nullptr, false);
    ASSERT_TRUE(body.is_object()) << response.body();
    EXPECT_EQ(body.value("type", ""), fmt::format("urn:outcry:problem:{}", type));
    EXPECT_EQ(body.value("status", 0), status);
    EXPECT_FALSE(body.value("title", "").empty());
    EXPECT_FALSE(body.value("detail", "").empty());
  }

  asio::io_context io_;
  RecordingOperations operations_;
  OperationsServerOptions options_;
  std::optional<OperationsServer> server_;
};

inline constexpr std::string_view kEvent =
    R"({"room":"challenge_7","event":"risk_alert","data":{"level": 2.50},"id":"a-1"})";

}  // namespace outcry::api::test
