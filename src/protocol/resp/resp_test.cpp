#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "protocol/resp/command.h"
#include "protocol/resp/reply_decoder.h"

namespace outcry::resp {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;

// A reply in a notation for people: [a, 1, nil, -error, +status].
std::string describe(ReplyView reply) {
  switch (reply.kind()) {
    case ReplyKind::nil:
      return "nil";
    case ReplyKind::integer:
      return std::to_string(reply.integer());
    case ReplyKind::status:
      return "+" + std::string(reply.text());
    case ReplyKind::error:
      return "-" + std::string(reply.text());
    case ReplyKind::string:
      return std::string(reply.text());
    case ReplyKind::array:
      break;
  }
  std::string out = "[";
  for (std::size_t i = 0; i < reply.size(); ++i) out += (i > 0 ? "," : "") + describe(reply[i]);
  return out + "]";
}

struct Outcome {
  std::vector<std::string> replies;
  std::error_code error;
  bool operator==(const Outcome&) const = default;
};

Outcome decode(std::string_view bytes, std::size_t step, const ReplyLimits& limits = {}) {
  ReplyDecoder decoder(limits);
  Outcome outcome;
  for (std::size_t at = 0; at < bytes.size() && !outcome.error; at += step) {
    outcome.error = decoder.feed(bytes.substr(at, step));
    while (!outcome.error) {
      auto reply = decoder.next();
      if (!reply) outcome.error = reply.error();
      if (!reply || !*reply) break;
      outcome.replies.push_back(describe((*reply)->view()));
    }
  }
  return outcome;
}

TEST(RespReply, decodes_each_kind_however_it_is_torn) {
  const auto bytes =
      "+OK\r\n-ERR no\r\n:-42\r\n$5\r\na\r\nbc\r\n$0\r\n\r\n$-1\r\n*-1\r\n*0\r\n"
      "*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n*2\r\n:1\r\n$1\r\n\0\r\n"sv;
  const Outcome whole = decode(bytes, bytes.size());
  EXPECT_EQ(whole.error, std::error_code());
  EXPECT_EQ(whole.replies, (std::vector<std::string>{"+OK", "-ERR no", "-42", "a\r\nbc", "", "nil",
                                                     "nil", "[]", "[message,news,[1,\0]]"s}));
  for (std::size_t step = 1; step < bytes.size(); ++step) EXPECT_EQ(decode(bytes, step), whole);
}

TEST(RespReply, waits_for_the_last_byte) {
  const auto bytes = "*2\r\n$3\r\nfoo\r\n:7\r\n"sv;
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const Outcome cut = decode(bytes.substr(0, size), 1);
    EXPECT_TRUE(cut.replies.empty());
    EXPECT_EQ(cut.error, std::error_code());
  }
}

TEST(RespReply, refuses_what_is_not_resp) {
  for (const auto bytes :
       {"HTTP/1.1 400\r\n"sv, "$abc\r\n"sv, "$-2\r\n"sv, "*-2\r\n"sv, ":1x\r\n"sv, "*1\r\n?\r\n"sv,
        "%1\r\n"sv, "$99999999999999999999\r\n"sv, "*99999999999999999999\r\n"sv}) {
    EXPECT_EQ(decode(bytes, 1).error, RespError::protocol_violation) << bytes;
  }
}

TEST(RespReply, hostile_array_lengths_are_refused_before_allocation) {
  for (const auto bytes : {"*65537\r\n"sv, "*2147483647\r\n"sv}) {
    EXPECT_EQ(decode(bytes, 1).error, RespError::reply_too_big) << bytes;
  }
  // Beyond int, hiredis itself refuses (or it would wrap, which must not get past the budget).
  for (const auto bytes : {"*4294967297\r\n"sv, "*1152921504606846976\r\n"sv}) {
    EXPECT_TRUE(decode(bytes, 1).error) << bytes;
  }
}

TEST(RespReply, elements_are_counted_over_nested_arrays) {
  const ReplyLimits limits{.elements_max = 5};
  EXPECT_EQ(decode("*2\r\n*3\r\n:1\r\n:2\r\n:3\r\n:4\r\n", 1, limits).replies,
            std::vector<std::string>{"[[1,2,3],4]"});
  EXPECT_EQ(decode("*2\r\n*4\r\n:1\r\n", 1, limits).error, RespError::reply_too_big);
  // The budget is for one reply: the next has its own.
  EXPECT_EQ(decode("*5\r\n:1\r\n:1\r\n:1\r\n:1\r\n:1\r\n*1\r\n:2\r\n", 1, limits).replies.size(),
            2u);
}

TEST(RespReply, text_is_bounded_exactly) {
  const ReplyLimits limits{.reply_bytes_max = 6, .buffered_bytes_max = 100};
  EXPECT_EQ(decode("*2\r\n$3\r\nabc\r\n$3\r\ndef\r\n", 1, limits).replies.size(), 1u);
  EXPECT_EQ(decode("*2\r\n$3\r\nabc\r\n$4\r\ndefg\r\n", 1, limits).error, RespError::reply_too_big);
  // A length that never comes true costs at most the buffer.
  EXPECT_EQ(decode("$1000000000\r\n" + std::string(100, 'x'), 1, limits).error,
            RespError::reply_too_big);
}

TEST(RespReply, nesting_is_bounded) {
  std::string seven;
  for (int i = 0; i < 7; ++i) seven += "*1\r\n";
  EXPECT_EQ(decode(seven + ":1\r\n", 1).replies, std::vector<std::string>{"[[[[[[[1]]]]]]]"});
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "*1\r\n";
  EXPECT_EQ(decode(deep, 1).error, RespError::protocol_violation);
}

TEST(RespReply, an_error_is_final) {
  ReplyDecoder decoder;
  EXPECT_FALSE(decoder.feed("?\r\n"));
  EXPECT_EQ(decoder.next().error(), RespError::protocol_violation);
  EXPECT_EQ(decoder.feed("+OK\r\n"), RespError::protocol_violation);
  EXPECT_EQ(decoder.next().error(), RespError::protocol_violation);
}

TEST(RespReply, a_decoder_may_be_moved_in_the_middle_of_a_reply) {
  ReplyDecoder first;
  EXPECT_FALSE(first.feed("*2\r\n:1\r\n"));
  EXPECT_FALSE(first.next().value());
  ReplyDecoder second = std::move(first);
  EXPECT_FALSE(second.feed("$1\r\nx\r\n"));
  const auto reply = second.next();
  ASSERT_TRUE(reply.has_value() && reply->has_value());
  EXPECT_EQ(describe((*reply)->view()), "[1,x]");
}

TEST(RespCommand, is_an_array_of_bulk_strings) {
  std::string out;
  append_command(out, {"SET", "key", "a\r\nDEL key"});
  append_command(out, {"PING"});
  EXPECT_EQ(out, "*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$10\r\na\r\nDEL key\r\n*1\r\n$4\r\nPING\r\n");
  EXPECT_EQ(decode(out, 3).replies, (std::vector<std::string>{"[SET,key,a\r\nDEL key]", "[PING]"}));
}

}  // namespace
}  // namespace outcry::resp
