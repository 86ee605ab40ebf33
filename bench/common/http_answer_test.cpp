#include "common/http_answer.h"

#include <string>

#include <gtest/gtest.h>

namespace outcry::bench {
namespace {

constexpr std::string_view kOk = "HTTP/1.1 200 OK\r\ncontent-LENGTH:  2 \r\nX: y\r\n\r\nok";

TEST(HttpAnswer, answers_are_taken_one_by_one) {
  const std::string two = std::string(kOk) + "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\nHT";
  std::string_view in = two;
  HttpAnswer answer;
  ASSERT_EQ(take_http_answer(in, answer), HttpStatus::complete);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "ok");
  ASSERT_EQ(take_http_answer(in, answer), HttpStatus::complete);
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.body, "");
  EXPECT_EQ(in, "HT");
}

TEST(HttpAnswer, a_torn_answer_waits_for_its_last_byte) {
  for (std::size_t bytes = 0; bytes < kOk.size(); ++bytes) {
    std::string_view in = kOk.substr(0, bytes);
    HttpAnswer answer;
    EXPECT_EQ(take_http_answer(in, answer), HttpStatus::incomplete) << bytes;
    EXPECT_EQ(in.size(), bytes);
  }
}

TEST(HttpAnswer, what_has_no_length_is_malformed) {
  for (const char* text :
       {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n",
        "HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 16777217\r\n\r\n"}) {
    std::string_view in = text;
    HttpAnswer answer;
    EXPECT_EQ(take_http_answer(in, answer), HttpStatus::malformed) << text;
  }
  const std::string endless(16'385, 'x');
  std::string_view in = endless;
  HttpAnswer answer;
  EXPECT_EQ(take_http_answer(in, answer), HttpStatus::malformed);
}

TEST(HttpAnswer, a_header_is_found_whatever_its_case) {
  constexpr std::string_view kHead = "HTTP/1.1 101 X\r\nUpgrade: websocket\r\nSEC-A: \t b c \r\nD:";
  EXPECT_EQ(header_value(kHead, "sec-a"), "b c");
  EXPECT_EQ(header_value(kHead, "upgrade"), "websocket");
  EXPECT_EQ(header_value(kHead, "d"), "");
  EXPECT_EQ(header_value(kHead, "sec"), "");
}

}  // namespace
}  // namespace outcry::bench
