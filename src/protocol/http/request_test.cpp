#include "protocol/http/request.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outcry::http {
namespace {

constexpr RequestLimits kLimits{
    .head_bytes_max = 1024, .target_bytes_max = 256, .headers_max = 10, .body_bytes_max = 64};

struct Outcome {
  std::error_code error;
  std::size_t consumed = 0;
  bool complete = false;
};

Outcome feed_in_pieces(RequestParser& parser, std::string_view text, std::size_t piece_bytes) {
  Outcome outcome;
  while (outcome.consumed < text.size() && !parser.complete()) {
    const auto taken = parser.feed(as_bytes(text.substr(outcome.consumed, piece_bytes)));
    if (!taken) {
      outcome.error = taken.error();
      return outcome;
    }
    outcome.consumed += *taken;
  }
  outcome.complete = parser.complete();
  return outcome;
}

/// The error of a request, the same in one piece and byte by byte.
std::error_code error_of(std::string_view text, const RequestLimits& limits = kLimits) {
  RequestParser whole(limits);
  RequestParser torn(limits);
  const Outcome outcome = feed_in_pieces(whole, text, text.size());
  EXPECT_EQ(feed_in_pieces(torn, text, 1).error, outcome.error) << text;
  EXPECT_TRUE(outcome.error || outcome.complete) << "unfinished: " << text;
  return outcome.error;
}

std::string with_headers(std::string_view lines) {
  return "POST /p HTTP/1.1\r\nHost: a\r\n" + std::string(lines) + "\r\n";
}

TEST(RequestParser, a_browsers_upgrade_is_the_same_torn_at_every_byte) {
  const std::string text =
      "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
      "Host: rt.example.com:5000\r\n"
      "Connection: keep-alive, Upgrade\r\n"
      "Upgrade: WebSocket\r\n"
      "Origin: https://app.example.com\r\n"
      "Sec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Key:  dGhlIHNhbXBsZSBub25jZQ== \r\n"
      "Sec-WebSocket-Extensions: permessage-deflate\r\n"
      "sec-websocket-extensions: x-other\r\n"
      "X-Forwarded-For:\r\n"
      "\r\n";
  const std::string following = "\x81\x80zzzz";
  for (std::size_t piece = 1; piece <= text.size() + following.size(); ++piece) {
    RequestParser parser(kLimits);
    const Outcome outcome = feed_in_pieces(parser, text + following, piece);
    ASSERT_TRUE(outcome.complete) << piece;
    ASSERT_EQ(outcome.consumed, text.size()) << piece;  // frames after the head are left
    const Request& request = parser.request();
    EXPECT_EQ(request.method, Method::get);
    EXPECT_EQ(request.path, "/socket.io/");
    EXPECT_EQ(request.query, "EIO=4&transport=websocket");
    EXPECT_EQ(request.host, "rt.example.com:5000");
    EXPECT_EQ(request.origin, "https://app.example.com");
    EXPECT_TRUE(request.keep_alive);
    EXPECT_TRUE(request.wants_upgrade);
    EXPECT_TRUE(request.upgrades_to_websocket);
    EXPECT_EQ(request.websocket_key, "dGhlIHNhbXBsZSBub25jZQ==");
    EXPECT_EQ(request.websocket_version, "13");
    EXPECT_EQ(request.websocket_extensions, "permessage-deflate, x-other");
    EXPECT_NE(request.forwarded_for.data(), nullptr);  // there, but empty
    EXPECT_EQ(request.authorization.data(), nullptr);  // absent
    EXPECT_EQ(parser.head_bytes(), text);
  }
}

TEST(RequestParser, a_body_by_length_is_complete_at_its_last_byte) {
  const std::string text =
      with_headers("Content-Length: 5\r\nContent-Type: text/plain\r\n") + "hello";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    RequestParser parser(kLimits);
    ASSERT_TRUE(feed_in_pieces(parser, text, piece).complete);
    EXPECT_EQ(parser.body(), "hello");
    EXPECT_EQ(parser.request().content_length, 5U);
    EXPECT_EQ(parser.request().content_type, "text/plain");
  }
  RequestParser short_of_one(kLimits);
  EXPECT_FALSE(feed_in_pieces(short_of_one, text.substr(0, text.size() - 1), 7).complete);
  EXPECT_TRUE(short_of_one.head_complete());
}

TEST(RequestParser, pipelined_requests_come_one_after_the_other) {
  const std::string one = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n";
  const std::string both = one + "GET /2 HTTP/1.1\r\nHost: a\r\n\r\n";
  RequestParser parser(kLimits);
  EXPECT_TRUE(parser.idle());
  EXPECT_EQ(parser.feed(as_bytes(both)).value(), one.size());
  EXPECT_EQ(parser.feed(as_bytes(both).subspan(one.size())).value(), 0U);  // complete: not yet
  parser.reset();
  EXPECT_TRUE(parser.idle());
  EXPECT_FALSE(parser.head_complete());
  EXPECT_EQ(parser.feed(as_bytes(both).subspan(one.size())).value(), one.size());
  EXPECT_EQ(parser.request().path, "/2");
}

TEST(RequestParser, a_chunked_body_loses_its_framing_and_trailers) {
  const std::string text = with_headers("Transfer-Encoding: Chunked\r\n") +
                           "5;a=\"b\"\r\nhello\r\n00006 \r\n world\r\n0\r\nHost: b\r\n\r\n";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    RequestParser parser(kLimits);
    const Outcome outcome = feed_in_pieces(parser, text + "GET", piece);
    ASSERT_TRUE(outcome.complete) << piece << ' ' << outcome.error.message();
    ASSERT_EQ(outcome.consumed, text.size());
    EXPECT_EQ(parser.body(), "hello world");
    EXPECT_EQ(parser.request().host, "a");
  }
}

TEST(RequestParser, an_announced_body_over_the_limit_is_refused_before_its_first_byte) {
  RequestParser parser(kLimits);
  const std::string head = with_headers("Content-Length: 65\r\nOrigin: https://app\r\n");
  const auto fed = parser.feed(as_bytes(head));
  ASSERT_FALSE(fed);
  EXPECT_EQ(fed.error(), HttpError::body_too_big);
  EXPECT_EQ(status_for(fed.error()), 413);
  EXPECT_EQ(parser.request().origin, "https://app");  // for the answer's CORS headers
  EXPECT_EQ(parser.feed(as_bytes("x")).error(), HttpError::body_too_big);
  EXPECT_FALSE(error_of(with_headers("Content-Length: 64\r\n") + std::string(64, 'x')));
  EXPECT_EQ(error_of(with_headers("Content-Length: 18446744073709551615\r\n")),
            HttpError::body_too_big);
}

TEST(RequestParser, chunks_over_the_limit_are_refused_at_their_size) {
  const std::string head = with_headers("Transfer-Encoding: chunked\r\n");
  const std::string first = "20\r\n" + std::string(32, 'x') + "\r\n";
  EXPECT_FALSE(error_of(head + first + first + "0\r\n\r\n"));
  EXPECT_EQ(error_of(head + first + "21"), HttpError::body_too_big);
  EXPECT_EQ(error_of(head + "ffffffffffffffff"), HttpError::body_too_big);
}

TEST(RequestParser, every_limit_of_the_head_holds_at_its_last_byte) {
  const auto head_of = [](std::size_t bytes) {
    const std::string start = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
    return start + std::string(bytes - start.size() - 4, 'x') + "\r\n\r\n";
  };
  EXPECT_FALSE(error_of(head_of(1024)));
  EXPECT_EQ(error_of(head_of(1025)), HttpError::head_too_big);
  const auto target_of = [](std::size_t bytes) {
    return "GET /" + std::string(bytes - 1, 't') + " HTTP/1.1\r\nHost: a\r\n\r\n";
  };
  EXPECT_FALSE(error_of(target_of(256)));
  EXPECT_EQ(error_of(target_of(257)), HttpError::target_too_long);
  EXPECT_EQ(error_of(target_of(900)), HttpError::target_too_long);
  const auto headers_of = [](int count) {
    std::string text = "GET / HTTP/1.1\r\nHost: a\r\n";
    for (int i = 1; i < count; ++i) text += "a: b\r\n";
    return text + "\r\n";
  };
  EXPECT_FALSE(error_of(headers_of(10)));
  EXPECT_EQ(error_of(headers_of(11)), HttpError::too_many_headers);
  EXPECT_EQ(status_for(HttpError::head_too_big), 431);
  EXPECT_EQ(status_for(HttpError::too_many_headers), 431);
  EXPECT_EQ(status_for(HttpError::target_too_long), 414);
}

TEST(RequestParser, each_broken_head_has_its_own_cause) {
  struct Case {
    std::string text;
    HttpError cause;
  };
  using namespace std::string_literals;
  const std::vector<Case> cases = {
      {"GET /\r\n", HttpError::missing_version},
      {"GET\r\n", HttpError::bad_method},
      {" GET / HTTP/1.1\r\n", HttpError::bad_method},
      {"G@T / HTTP/1.1\r\n", HttpError::bad_method},
      {"GET  / HTTP/1.1\r\n", HttpError::bad_target},
      {"GET x HTTP/1.1\r\n", HttpError::bad_target},
      {"GET /#f HTTP/1.1\r\n", HttpError::bad_target},
      {"GET /\xC3\xA9 HTTP/1.1\r\n", HttpError::bad_target},
      {"GET /\0 HTTP/1.1\r\n"s, HttpError::bad_target},
      {"GET * HTTP/1.1\r\n", HttpError::bad_target},
      {"GET http:///x HTTP/1.1\r\n", HttpError::bad_target},
      {"GET http://u@h/ HTTP/1.1\r\n", HttpError::bad_target},
      {"GET / HTTP/1.1 \r\n", HttpError::bad_version},
      {"GET / http/1.1\r\n", HttpError::bad_version},
      {"GET / HTTP/1\r\n", HttpError::bad_version},
      {"GET / x HTTP/1.1\r\n", HttpError::bad_version},
      {"GET / HTTP/1.2\r\n", HttpError::unsupported_version},
      {"GET / HTTP/0.9\r\n", HttpError::unsupported_version},
      {"PRI * HTTP/2.0\r\n", HttpError::unsupported_version},
      {"GET / HTTP/1.1\n", HttpError::bare_line_feed},
      {"GET / HTTP/1.1\rX\r\n", HttpError::bad_line_ending},
      {"\r\n\r\n", HttpError::empty_request_line},
      {"\n", HttpError::bare_line_feed},
      {"GET / HTTP/1.1\r\nHost: a\n", HttpError::bare_line_feed},
      {"GET / HTTP/1.1\r\n Host: a\r\n", HttpError::folded_header},
      {"GET / HTTP/1.1\r\n\r\n", HttpError::missing_host},
      {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", HttpError::bad_host},
      {"GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", HttpError::bad_host},
      {with_headers("Host: a\r\n"), HttpError::repeated_host},
      {with_headers("X: a\r\n b\r\n"), HttpError::folded_header},
      {with_headers("X: \r\n\tb\r\n"), HttpError::folded_header},
      {with_headers("X : a\r\n"), HttpError::bad_header_name},
      {with_headers(": a\r\n"), HttpError::bad_header_name},
      {with_headers("X\r\n"), HttpError::bad_header_name},
      {with_headers("X: a\0b\r\n"s), HttpError::bad_header_value},
      {with_headers("X: a\x01\r\n"), HttpError::bad_header_value},
      {with_headers("X: a\x7F\r\n"), HttpError::bad_header_value},
      {with_headers("X: a\rb\r\n"), HttpError::bad_line_ending},
      {with_headers("Origin: a\r\nOrigin: a\r\n"), HttpError::repeated_header},
      {with_headers("Sec-WebSocket-Key: a\r\nSec-WebSocket-Key: a\r\n"),
       HttpError::repeated_header},
      {with_headers("Authorization: \r\nAuthorization: b\r\n"), HttpError::repeated_header},
      {with_headers("Content-Length: -1\r\n"), HttpError::bad_content_length},
      {with_headers("Content-Length: +1\r\n"), HttpError::bad_content_length},
      {with_headers("Content-Length: 0x1\r\n"), HttpError::bad_content_length},
      {with_headers("Content-Length: \r\n"), HttpError::bad_content_length},
      {with_headers("Content-Length: 1, 1\r\n"), HttpError::bad_content_length},
      {with_headers("Content-Length: 18446744073709551616\r\n"), HttpError::bad_content_length},
      {with_headers("Content-Length: 1\r\nContent-Length: 1\r\n"),
       HttpError::repeated_content_length},
      {with_headers("Content-Length: 1\r\nContent-Length: 2\r\n"),
       HttpError::repeated_content_length},
      {with_headers("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"),
       HttpError::content_length_with_transfer},
      {with_headers("Transfer-Encoding: chunked\r\nContent-Length: 1\r\n"),
       HttpError::content_length_with_transfer},
      {with_headers("Transfer-Encoding: gzip, chunked\r\n"),
       HttpError::unsupported_transfer_coding},
      {with_headers("Transfer-Encoding: xchunked\r\n"), HttpError::unsupported_transfer_coding},
      {with_headers("Transfer-Encoding: identity\r\n"), HttpError::unsupported_transfer_coding},
      {with_headers("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
       HttpError::unsupported_transfer_coding},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
       HttpError::transfer_encoding_in_http_1_0},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(error_of(c.text), c.cause) << c.text << error_of(c.text).message();
  }
  EXPECT_EQ(status_for(HttpError::unsupported_version), 505);
  EXPECT_EQ(status_for(HttpError::unsupported_transfer_coding), 501);
  EXPECT_EQ(status_for(HttpError::repeated_host), 400);
}

TEST(RequestParser, broken_chunks_are_refused) {
  const std::string head = with_headers("Transfer-Encoding: chunked\r\n");
  for (const std::string body :
       {"g\r\n", "\r\n", ";a\r\n", "-1\r\n", "0x5\r\n", "5\n", "5\rx", "5;a\nb\r\n", "1\r\nxy",
        "1\r\nx\rz", "0\r\n\rx", "0\r\nT: a\nb\r\n\r\n", "11111111111111111", "0\r\nT: a\rb"}) {
    const std::error_code error = error_of(head + body);
    EXPECT_TRUE(error == HttpError::bad_chunk || error == HttpError::body_too_big) << body;
  }
  EXPECT_EQ(error_of(head + "1;" + std::string(1024, 'x')), HttpError::chunk_line_too_long);
  EXPECT_EQ(error_of(head + "0\r\n" + std::string(4097, 'x')), HttpError::chunk_line_too_long);
}

TEST(RequestParser, an_upgrade_in_http_1_0_is_none) {
  RequestParser parser(kLimits);
  const std::string text =
      "GET / HTTP/1.0\r\nConnection: upgrade, keep-alive\r\nUpgrade: websocket\r\n\r\n";
  ASSERT_TRUE(parser.feed(as_bytes(text)));
  EXPECT_EQ(parser.request().minor_version, 0);
  EXPECT_FALSE(parser.request().wants_upgrade);
  EXPECT_FALSE(parser.request().upgrades_to_websocket);
  EXPECT_TRUE(parser.request().keep_alive);
}

TEST(RequestParser, forms_of_targets) {
  struct Case {
    std::string line;
    std::string path;
    std::string query;
    std::string host;
  };
  for (const Case& c : std::vector<Case>{{"GET /a?b?c", "/a", "b?c", "h"},
                                         {"GET /?", "/", "", "h"},
                                         {"OPTIONS *", "*", "", "h"},
                                         {"GET http://other:1/a?b", "/a", "b", "other:1"},
                                         {"GET HTTPS://other?b", "/", "b", "other"},
                                         {"GET http://other", "/", "", "other"}}) {
    RequestParser parser(kLimits);
    ASSERT_TRUE(parser.feed(as_bytes(c.line + " HTTP/1.1\r\nHost: h\r\n\r\n"))) << c.line;
    EXPECT_EQ(parser.request().path, c.path);
    EXPECT_EQ(parser.request().query, c.query);
    EXPECT_EQ(parser.request().host, c.host);
  }
}

TEST(RequestParser, wishes_about_the_connection) {
  const auto request_of = [](RequestParser& parser, const std::string& lines) {
    EXPECT_TRUE(parser.feed(as_bytes(with_headers(lines))));
    return parser.request();
  };
  RequestParser plain(kLimits), closing(kLimits), waiting(kLimits), methods(kLimits);
  EXPECT_TRUE(request_of(plain, "").keep_alive);
  EXPECT_FALSE(request_of(closing, "Connection: x\r\nConnection: Close\r\n").keep_alive);
  EXPECT_TRUE(
      request_of(waiting, "Expect: 100-Continue\r\nContent-Length: 3\r\n").expects_continue);
  EXPECT_FALSE(waiting.complete());
  ASSERT_TRUE(
      methods.feed(as_bytes("\r\nPURGE / HTTP/1.0\r\n\r\n")));  // one empty line is forgiven
  EXPECT_EQ(methods.request().method, Method::other);
  EXPECT_FALSE(methods.request().keep_alive);
}

}  // namespace
}  // namespace outcry::http
