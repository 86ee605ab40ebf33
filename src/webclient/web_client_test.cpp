#include "webclient/web_client.h"

#include <optional>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "webclient/web_client_fixture.h"

namespace outcry::webclient {
namespace {

using test::always;
using test::silent;
using testing::HasSubstr;
using testing::StartsWith;
using Reply = WebServerForTest::Reply;
using Script = WebServerForTest::Script;

using WebClientTest = test::WebClientTest;

// ---- Requests and answers ----

TEST_F(WebClientTest, sends_a_request_and_returns_the_whole_answer) {
  std::string seen;
  WebServerForTest server(io, [&](const std::string& request, int) {
    seen = request;
    return Reply{"HTTP/1.1 201 Created\r\nX-Kind: a\r\nContent-Length: 5\r\n\r\nhello"};
  });
  const auto client = this->client(to(server));
  const auto answer = ask(*client, {.method = "POST",
                                    .target = "/v1/may?x=1",
                                    .headers = {{"X-Key", "k"}, {"Content-Type", "text/plain"}},
                                    .body = "question"});
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->status, 201);
  EXPECT_EQ(answer->body, "hello");
  EXPECT_EQ(answer->header("x-kind"), "a");
  EXPECT_EQ(answer->header("x-none"), "");
  EXPECT_THAT(seen, StartsWith("POST /v1/may?x=1 HTTP/1.1\r\n"));
  EXPECT_THAT(seen, HasSubstr("Host: 127.0.0.1:" + std::to_string(server.port()) + "\r\n"));
  EXPECT_THAT(seen, HasSubstr("X-Key: k\r\n"));
  EXPECT_THAT(seen, HasSubstr("Content-Length: 8\r\n"));
  EXPECT_THAT(seen, testing::EndsWith("\r\n\r\nquestion"));
}

TEST_F(WebClientTest, takes_chunks_and_a_body_that_ends_with_the_connection) {
  WebServerForTest chunked(
      io,
      always(
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"));
  EXPECT_EQ(ask(*client(to(chunked)))->body, "abc");
  WebServerForTest until_end(io, always("HTTP/1.0 200 OK\r\n\r\nabc", true));
  EXPECT_EQ(ask(*client(to(until_end)))->body, "abc");
}

TEST_F(WebClientTest, leaves_out_interim_answers) {
  WebServerForTest server(
      io, always("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" +
                 ok("real")));
  const auto answer = ask(*client(to(server)));
  ASSERT_TRUE(answer) << answer.error().message();
  EXPECT_EQ(answer->body, "real");
  std::string endless;
  for (int i = 0; i < 100; ++i) endless += "HTTP/1.1 100 Continue\r\n\r\n";
  EXPECT_EQ(error_of(always(endless)), WebError::malformed_response);
}

TEST_F(WebClientTest, does_not_follow_a_redirect) {
  WebServerForTest server(
      io,
      always("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"));
  const auto answer = ask(*client(to(server)));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 302);
  EXPECT_EQ(server.requests(), 1);
}

TEST_F(WebClientTest, refuses_what_would_begin_another_header_or_request) {
  WebServerForTest server(io, always(ok("")));
  const auto client = this->client(to(server));
  EXPECT_EQ(ask(*client, {.headers = {{"X-Key", "a\r\nX-Admin: 1"}}}).error(),
            WebError::bad_request);
  EXPECT_EQ(ask(*client, {.headers = {{"X-Key\n", "a"}}}).error(), WebError::bad_request);
  EXPECT_EQ(ask(*client, {.target = "/ HTTP/1.1\r\n"}).error(), WebError::bad_request);
  EXPECT_EQ(ask(*client, {.target = "relative"}).error(), WebError::bad_request);
  EXPECT_EQ(server.connections(), 0);
}

// ---- Answers that are none ----

TEST_F(WebClientTest, a_torn_answer_is_no_answer_at_any_byte) {
  const std::string whole = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc";
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_EQ(error_of(always(whole.substr(0, length), true)), WebError::connection_lost) << length;
  }
  EXPECT_EQ(error_of(always(whole, true)), std::error_code());
}

TEST_F(WebClientTest, what_is_not_http_is_told_apart) {
  for (const char* bytes :
       {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 099 None\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"}) {
    EXPECT_EQ(error_of(always(bytes)), WebError::malformed_response) << bytes;
  }
}

TEST_F(WebClientTest, the_limit_of_the_headers_is_kept) {
  const auto with_header = [](std::size_t bytes) {
    return always("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: " + std::string(bytes, 'x') +
                  "\r\n\r\n");
  };
  EXPECT_EQ(error_of(with_header(1000), {.header_bytes_max = 2048}), std::error_code());
  EXPECT_EQ(error_of(with_header(3000), {.header_bytes_max = 2048}), WebError::headers_too_large);
  EXPECT_EQ(error_of(with_header(3'000'000), {.header_bytes_max = 2048}),
            WebError::headers_too_large);
}

TEST_F(WebClientTest, the_limit_of_the_body_is_exact_however_its_length_is_told) {
  const std::string ten(10, 'b');
  const Script chunked =
      always("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\nbbbbbbbbbb\r\n0\r\n\r\n");
  const Script to_the_end = always("HTTP/1.1 200 OK\r\n\r\n" + ten, true);
  for (const Script& script : {always(ok(ten)), chunked, to_the_end}) {
    EXPECT_EQ(error_of(script, {.body_bytes_max = 10}), std::error_code());
    EXPECT_EQ(error_of(script, {.body_bytes_max = 9}), WebError::body_too_large);
  }
}

TEST_F(WebClientTest, nobody_there) {
  std::uint16_t port = 0;
  {
    const WebServerForTest gone(io, silent());
    port = gone.port();
  }
  WebClientOptions options;
  options.url = {false, "127.0.0.1", port, "/"};
  EXPECT_EQ(ask(*client(options)).error(), WebError::unreachable);
  options.url.host = "no-such-host.invalid";
  options.timeout = milliseconds(8'000);
  EXPECT_EQ(ask(*client(options)).error(), WebError::name_not_found);
}

// ---- Time ----

TEST_F(WebClientTest, the_time_limit_covers_the_answers_last_byte) {
  const WebClientOptions limit{.timeout = milliseconds(100)};
  EXPECT_EQ(error_of(silent(), limit), WebError::timed_out);
  EXPECT_EQ(error_of(always("HTTP/1.1 200 OK\r\nContent-Le"), limit), WebError::timed_out);
  EXPECT_EQ(error_of(always("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na"), limit),
            WebError::timed_out);
}

TEST_F(WebClientTest, the_time_in_the_queue_counts) {
  WebServerForTest server(io, silent());
  WebClientOptions options = to(server);
  options.requests_max = 1;
  options.timeout = milliseconds(100);
  const auto client = this->client(options);
  std::vector<std::error_code> errors;
  const auto note = [&](const Result<WebResponse>& got) { errors.push_back(got.error()); };
  client->send({}, note);
  client->send({}, note);
  const TimePoint begun = steady_now();
  until([&] { return errors.size() == 2; });
  EXPECT_THAT(errors, testing::Each(make_error_code(WebError::timed_out)));
  EXPECT_LT(steady_now() - begun, milliseconds(190)) << "one limit, not one after the other";
  EXPECT_EQ(server.requests(), 1);
  EXPECT_EQ(client->stats().timed_out, 2);
  until([&] { return client->stats().running == 0 && server.open() == 0; });
}

TEST_F(WebClientTest, a_late_answer_goes_nowhere) {
  WebServerForTest server(io, [](const std::string&, int number) {
    return Reply{.bytes = ok(std::to_string(number)), .delay = milliseconds(number == 0 ? 150 : 0)};
  });
  WebClientOptions options = to(server);
  options.timeout = milliseconds(100);
  const auto client = this->client(options);
  EXPECT_EQ(ask(*client).error(), WebError::timed_out);
  EXPECT_EQ(ask(*client)->body, "1");
  EXPECT_EQ(server.connections(), 2) << "on the old one the answers would be shifted by one";
}

// ---- Connections ----

TEST_F(WebClientTest, keeps_a_connection_unless_the_server_says_close) {
  WebServerForTest keeping(io, always(ok("")));
  const auto kept = client(to(keeping));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(ask(*kept));
  EXPECT_EQ(keeping.connections(), 1);
  EXPECT_EQ(kept->stats().idle, 1);

  WebServerForTest closing(
      io, always("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", true));
  const auto closed = client(to(closing));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(ask(*closed));
  EXPECT_EQ(closing.connections(), 3);
  EXPECT_EQ(closed->stats().idle, 0);
}

TEST_F(WebClientTest, bytes_after_an_answer_end_its_connection) {
  WebServerForTest server(io, always(ok("a") + ok("smuggled")));
  const auto client = this->client(to(server));
  EXPECT_EQ(ask(*client)->body, "a");
  EXPECT_EQ(ask(*client)->body, "a");
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(WebClientTest, a_kept_connection_that_the_server_has_closed_is_not_used) {
  WebServerForTest server(io, always(ok("")));
  const auto client = this->client(to(server));
  EXPECT_TRUE(ask(*client));
  server.close_all();
  until([&] { return server.open() == 0; });
  EXPECT_TRUE(ask(*client));
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(WebClientTest, a_request_that_meets_the_close_is_repeated_if_it_may_be) {
  // The second request of each connection is read and not answered.
  const Script script = [](const std::string&, int number) {
    return number % 2 == 0 ? Reply{.bytes = ok("")} : Reply{.bytes = "", .close = true};
  };
  WebServerForTest server(io, script);
  const auto client = this->client(to(server));
  EXPECT_TRUE(ask(*client));
  EXPECT_TRUE(ask(*client, {.repeatable = true}));
  EXPECT_EQ(server.requests(), 3);
  EXPECT_EQ(ask(*client).error(), WebError::connection_lost);
  EXPECT_EQ(server.requests(), 4);
}

TEST_F(WebClientTest, a_request_is_repeated_once_only) {
  WebServerForTest server(io, [](const std::string&, int number) {
    return number == 0 ? Reply{.bytes = ok("")} : Reply{.bytes = "", .close = true};
  });
  const auto client = this->client(to(server));
  EXPECT_TRUE(ask(*client));
  EXPECT_EQ(ask(*client, {.repeatable = true}).error(), WebError::connection_lost);
  EXPECT_EQ(server.requests(), 3);
}

TEST_F(WebClientTest, idle_connections_are_few_and_grow_not_old) {
  WebServerForTest server(io, [](const std::string&, int) {
    return Reply{.bytes = ok(""), .delay = milliseconds(20)};
  });
  WebClientOptions options = to(server);
  options.idle_max = 2;
  options.idle_timeout = milliseconds(100);
  const auto client = this->client(options);
  int answered = 0;
  for (int i = 0; i < 5; ++i) {
    client->send({}, [&](const Result<WebResponse>& got) { answered += got ? 1 : 0; });
  }
  until([&] { return answered == 5; });
  EXPECT_EQ(server.connections(), 5);
  until([&] { return server.open() == 2; });
  until([&] { return server.open() == 0; });
  EXPECT_EQ(client->stats().idle, 0);
}

// ---- Limits ----

TEST_F(WebClientTest, requests_at_a_time_and_in_the_queue_are_bounded) {
  WebServerForTest server(io, [](const std::string&, int) {
    return Reply{.bytes = ok(""), .delay = milliseconds(30)};
  });
  WebClientOptions options = to(server);
  options.requests_max = 2;
  options.queue_max = 3;
  const auto client = this->client(options);
  int answered = 0;
  std::error_code refused;
  for (int i = 0; i < 6; ++i) {
    client->send({}, [&](const Result<WebResponse>& got) {
      ++answered;
      if (!got) refused = got.error();
    });
  }
  EXPECT_EQ(client->stats().running, 2);
  EXPECT_EQ(client->stats().queued, 3);
  until([&] { return answered == 6; });
  EXPECT_EQ(refused, WebError::queue_full);
  EXPECT_EQ(client->stats().queue_full, 1);
  EXPECT_EQ(server.requests(), 5);
  EXPECT_EQ(server.connections(), 2);
}

TEST_F(WebClientTest, a_server_that_fails_is_left_alone_for_a_while_and_then_tried_once) {
  bool broken = true;
  WebServerForTest server(io, [&](const std::string&, int) {
    return Reply{broken ? "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n" : ok("")};
  });
  WebClientOptions options = to(server);
  options.breaker = {.failures_max = 2, .pause = milliseconds(100)};
  const auto client = this->client(options);
  EXPECT_EQ(ask(*client)->status, 503);
  EXPECT_EQ(ask(*client)->status, 503);
  EXPECT_EQ(ask(*client).error(), WebError::circuit_open);
  EXPECT_EQ(server.requests(), 2);
  EXPECT_EQ(client->stats().breaker, CircuitBreaker::State::open);
  broken = false;
  const TimePoint opened = steady_now();
  until([&] { return steady_now() > opened + milliseconds(100); });
  EXPECT_TRUE(ask(*client));
  EXPECT_EQ(server.requests(), 3);
  EXPECT_EQ(client->stats().breaker, CircuitBreaker::State::closed);
  EXPECT_EQ(client->stats().opened, 1);
}

TEST_F(WebClientTest, an_answer_below_500_is_no_failure_of_the_server) {
  WebServerForTest server(io, always("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"));
  WebClientOptions options = to(server);
  options.breaker = {.failures_max = 1};
  const auto client = this->client(options);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ask(*client)->status, 404);
}

TEST_F(WebClientTest, at_its_end_everything_is_answered) {
  WebServerForTest server(io, silent());
  WebClientOptions options = to(server);
  options.requests_max = 1;
  auto client = this->client(options);
  std::vector<std::error_code> errors;
  const auto note = [&](const Result<WebResponse>& got) { errors.push_back(got.error()); };
  client->send({}, note);
  client->send({}, note);
  until([&] { return server.requests() == 1; });
  client.reset();
  EXPECT_THAT(errors, testing::IsEmpty());
  until([&] { return errors.size() == 2 && server.open() == 0; });
  EXPECT_THAT(errors, testing::Each(make_error_code(WebError::stopped)));
}

}  // namespace
}  // namespace outcry::webclient
