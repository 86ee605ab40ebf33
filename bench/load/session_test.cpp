#include "load/session.h"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace outcry::bench {
namespace {

std::string server_frame(std::string_view payload, char opcode = kOpText) {
  std::string out{static_cast<char>(0x80 | opcode)};
  if (payload.size() <= 125) {
    out.push_back(static_cast<char>(payload.size()));
  } else {
    out += {static_cast<char>(126), static_cast<char>(payload.size() >> 8),
            static_cast<char>(payload.size() & 0xFF)};
  }
  return out.append(payload);
}

std::string unmask(std::string_view frame) {
  const bool extended = (frame[1] & 0x7F) == 126;
  const std::string_view mask = frame.substr(extended ? 4 : 2, 4);
  std::string out(frame.substr(extended ? 8 : 6));
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<char>(out[i] ^ mask[i % 4]);
  return out;
}

std::string equity(std::string_view challenge, std::string_view published) {
  return R"(42["equity_updated",{"challenge_id":"bench-)" + std::string(challenge) +
         R"(","total_trades":42,"executed_at_ns":")" + std::string(published) + R"("}])";
}

struct SessionTest : testing::Test {
  SessionTest() {
    options.host = "127.0.0.1:5000";
    options.path = "/socket.io/";
    options.token = "a.b.c";
  }
  void feed(std::string_view bytes) {
    out.clear();
    session.receive(bytes, options, out, deliveries);
  }
  void join() {
    session.start(options, out);
    feed("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n");
    feed(server_frame(R"(0{"sid":"x"})"));
    feed(server_frame(R"(40{"sid":"y"})"));
    feed(server_frame(R"(42["joined_challenge",{"challenge_id":"bench-0000007"}])"));
    ASSERT_EQ(session.stage(), Session::Stage::joined);
  }
  SessionOptions options;
  Session session{7};
  std::string out;
  std::vector<Delivery> deliveries;
};

TEST_F(SessionTest, sets_up_with_token_and_join_in_this_order) {
  session.start(options, out);
  EXPECT_TRUE(out.starts_with(
      "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:5000\r\n"));
  feed("HTTP/1.1 101 Switching Protocols\r\n\r\n");
  EXPECT_EQ(session.stage(), Session::Stage::opening);
  feed(server_frame(R"(0{"sid":"x"})"));
  EXPECT_EQ(unmask(out), R"(40{"token":"a.b.c"})");
  feed(server_frame(R"(40{"sid":"y"})"));
  EXPECT_EQ(unmask(out), R"(42["join_challenge",{"challenge_id":"bench-0000007"}])");
  feed(server_frame(R"(42["connected",{}])") + server_frame(R"(42["joined_challenge",{}])"));
  EXPECT_EQ(session.stage(), Session::Stage::joined);
}

TEST_F(SessionTest, the_whole_set_up_works_one_byte_at_a_time) {
  session.start(options, out);
  const std::string bytes = "HTTP/1.1 101 Switching Protocols\r\n\r\n" +
                            server_frame(R"(0{"sid":"x"})") + server_frame("40{}") +
                            server_frame(R"(42["joined_challenge",{}])") +
                            server_frame(equity("0000007", "0000000000000000012"));
  for (const char byte : bytes) feed({&byte, 1});
  EXPECT_EQ(session.stage(), Session::Stage::joined);
  ASSERT_EQ(deliveries.size(), 1U);
  EXPECT_EQ(deliveries[0].published_ns, 12U);
}

TEST_F(SessionTest, pings_of_both_layers_are_answered) {
  join();
  feed(server_frame("2"));
  EXPECT_EQ(unmask(out), "3");
  feed(server_frame("abc", kOpPing));
  EXPECT_EQ(static_cast<unsigned char>(out[0]), 0x80U | kOpPong);
  EXPECT_EQ(unmask(out), "abc");
}

TEST_F(SessionTest, someone_elses_event_is_seen_as_such) {
  join();
  feed(server_frame(equity("0000007", "0000000000000000012")) +
       server_frame(equity("0000008", "0000000000000000013")));
  ASSERT_EQ(deliveries.size(), 2U);
  EXPECT_TRUE(deliveries[0].own_room);
  EXPECT_FALSE(deliveries[1].own_room);
}

TEST_F(SessionTest, a_doubled_or_late_event_is_out_of_sequence) {
  join();
  for (const char* published : {"0000000000000000012", "0000000000000000012", "0000000000000000011",
                                "0000000000000000013"}) {
    feed(server_frame(equity("0000007", published)));
  }
  ASSERT_EQ(deliveries.size(), 4U);
  EXPECT_TRUE(deliveries[0].in_sequence);
  EXPECT_FALSE(deliveries[1].in_sequence);
  EXPECT_FALSE(deliveries[2].in_sequence);
  EXPECT_TRUE(deliveries[3].in_sequence);
}

TEST_F(SessionTest, every_refusal_says_why) {
  const auto failure_after = [this](std::initializer_list<std::string> reads) {
    Session fresh(7);
    fresh.start(options, out);
    for (const std::string& bytes : reads) fresh.receive(bytes, options, out, deliveries);
    EXPECT_EQ(fresh.stage(), Session::Stage::failed);
    return fresh.failure();
  };
  const std::string upgraded = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
  const std::string open = server_frame("0{}");
  EXPECT_EQ(failure_after({"HTTP/1.1 503 Busy\r\n\r\n"}), "upgrade refused: HTTP/1.1 503 Busy");
  EXPECT_EQ(failure_after({upgraded, open, server_frame(R"(44{"message":"no"})")}),
            R"(CONNECT refused: 44{"message":"no"})");
  EXPECT_EQ(failure_after({upgraded, open, server_frame("40"), server_frame(R"(42["error",{}])")}),
            R"(join refused: ["error",{}])");
  EXPECT_EQ(failure_after({upgraded, server_frame("\x03\xf0slow", kOpClose)}),
            "closed by the server: 1008 slow");
  EXPECT_EQ(failure_after({upgraded, "\x01\x01"}), "malformed frame");
}

TEST_F(SessionTest, a_bare_session_is_ready_with_the_upgrade_and_names_its_challenge) {
  options.mode = SessionMode::bare;
  session.start(options, out);
  EXPECT_TRUE(out.starts_with(
      "GET /socket.io/?EIO=4&transport=websocket&challenge=bench-0000007 HTTP/1.1\r\n"));
  feed("HTTP/1.1 101 X\r\n\r\n" + server_frame(equity("0000007", "0000000000000000012")));
  EXPECT_EQ(session.stage(), Session::Stage::joined);
  EXPECT_EQ(out, "");
  ASSERT_EQ(deliveries.size(), 1U);
  EXPECT_TRUE(deliveries[0].own_room);
}

TEST_F(SessionTest, the_stream_of_an_event_is_its_name_and_its_key) {
  join();
  options.wants_symbols = true;
  const auto quote = [](std::string_view space) {
    return fmt::format(R"(42["equity_updated",{0}{{"challenge_id":{0}"bench-0000007",{0})"
                       R"("trade_symbol":{0}"GBPUSD",{0}"executed_at_ns":{0})"
                       R"("0000000000000000012"}}])",
                       space);
  };
  feed(server_frame(quote("")) + server_frame(quote(" ")) +
       server_frame(R"(42["risk_alert",{"challenge_id":"bench-0000007",)"
                    R"("executed_at_ns":"0000000000000000014"}])"));
  ASSERT_EQ(deliveries.size(), 3U);
  EXPECT_EQ(deliveries[0].slot, stream_slot(EventKind::equity_updated, 1));
  EXPECT_EQ(deliveries[1].slot, stream_slot(EventKind::equity_updated, 1));
  EXPECT_EQ(deliveries[2].slot, stream_slot(EventKind::risk_alert, 0));
  feed(server_frame(equity("0000007", "0000000000000000015")));
  EXPECT_EQ(session.stage(), Session::Stage::failed);
}

struct DeflatedSession : SessionTest {
  DeflatedSession() { options.inflater = &inflater; }
  Inflater inflater;
  // `2`, a ping, as a deflated message (RFC 7692 §7.2.3.1).
  std::string ping = std::string("\xC1\x03\x32\x02\x00", 5);
};

TEST_F(DeflatedSession, what_was_agreed_is_inflated) {
  session.start(options, out);
  EXPECT_NE(out.find("\r\nSec-WebSocket-Extensions: permessage-deflate; "
                     "server_no_context_takeover; client_no_context_takeover\r\n\r\n"),
            std::string::npos);
  feed(
      "HTTP/1.1 101 X\r\nsec-websocket-extensions: permessage-deflate; "
      "server_no_context_takeover\r\n\r\n" +
      ping);
  EXPECT_EQ(unmask(out), "3");
  EXPECT_EQ(inflater.stats().compressed, 1U);
  feed(server_frame("2"));
  EXPECT_EQ(unmask(out), "3");
  EXPECT_EQ(inflater.stats().plain, 1U);
  feed("\xC1\x01\xFF");
  EXPECT_EQ(session.failure(), "garbage instead of a deflated message");
}

TEST_F(DeflatedSession, a_context_that_was_not_offered_is_a_fault) {
  feed("HTTP/1.1 101 X\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n");
  EXPECT_EQ(session.failure(), "extension that was not offered: permessage-deflate");
  options.inflater = nullptr;
  Session plain(7);
  plain.receive("HTTP/1.1 101 X\r\nSec-WebSocket-Extensions: x\r\n\r\n", options, out, deliveries);
  EXPECT_EQ(plain.failure(), "extension that was not offered: x");
  Session never_agreed(7);
  never_agreed.receive("HTTP/1.1 101 X\r\n\r\n" + ping, options, out, deliveries);
  EXPECT_EQ(never_agreed.failure(), "malformed frame");
}

struct PollingSession : SessionTest {
  PollingSession() { options.mode = SessionMode::polling; }
  static std::string answer(std::string_view body) {
    return fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", body.size(), body);
  }
  static std::string get(std::string_view sid) {
    return fmt::format(
        "GET /socket.io/?EIO=4&transport=polling{} HTTP/1.1\r\nHost: 127.0.0.1:5000\r\n\r\n", sid);
  }
  static std::string post(std::string_view body) {
    return fmt::format(
        "POST /socket.io/?EIO=4&transport=polling&sid=x HTTP/1.1\r\nHost: 127.0.0.1:5000\r\n"
        "Content-Type: text/plain;charset=UTF-8\r\nContent-Length: {}\r\n\r\n{}",
        body.size(), body);
  }
};

TEST_F(PollingSession, packets_travel_in_the_bodies_one_request_at_a_time) {
  session.start(options, out);
  EXPECT_EQ(out, get(""));
  feed(answer(R"(0{"sid":"x","upgrades":["websocket"]})"));
  EXPECT_EQ(out, post(R"(40{"token":"a.b.c"})"));
  feed(answer("ok"));
  EXPECT_EQ(out, get("&sid=x"));
  feed(answer(R"(40{"sid":"y"})"));
  EXPECT_EQ(out, post(R"(42["join_challenge",{"challenge_id":"bench-0000007"}])"));
  feed(answer("ok"));
  feed(
      answer("2\x1e"
             R"(42["joined_challenge",{}])"
             "\x1e" +
             equity("0000007", "0000000000000000012") + "\x1e" +
             equity("0000007", "0000000000000000013")));
  EXPECT_EQ(session.stage(), Session::Stage::joined);
  EXPECT_EQ(out, post("3"));
  ASSERT_EQ(deliveries.size(), 2U);
  EXPECT_EQ(deliveries[1].published_ns, 13U);
}

TEST_F(PollingSession, an_answer_torn_anywhere_is_put_together) {
  session.start(options, out);
  out.clear();
  for (const char byte : answer(R"(0{"sid":"x"})")) {
    session.receive({&byte, 1}, options, out, deliveries);
  }
  EXPECT_EQ(out, post(R"(40{"token":"a.b.c"})"));
}

TEST_F(PollingSession, every_end_says_why) {
  const auto failure_after = [this](const std::string& bytes) {
    Session fresh(7);
    fresh.start(options, out);
    fresh.receive(bytes, options, out, deliveries);
    EXPECT_EQ(fresh.stage(), Session::Stage::failed);
    return fresh.failure();
  };
  EXPECT_EQ(failure_after("HTTP/1.1 400 Bad\r\nContent-Length: 2\r\n\r\nno"), "HTTP 400: no");
  EXPECT_EQ(failure_after(answer("1")), "disconnected by the server: 1");
  EXPECT_EQ(failure_after("SSH-2.0 x\r\n\r\n"),
            "HTTP answer that is not understood: SSH-2.0 x\r\n\r\n");
}

TEST(EventFields, a_layout_other_than_the_last_is_searched_for) {
  EventFields fields;
  for (const char* space : {"", "    ", " ", ""}) {
    const std::string text = fmt::format(
        R"({0}"challenge_id":"bench-0001234",{0}"executed_at_ns":"0000000000000005678")", space);
    fields = {};
    EXPECT_TRUE(find_event_fields(text, fields));
    EXPECT_EQ(fields.challenge, 1234U);
    EXPECT_EQ(fields.published_ns, 5678U);
  }
  EXPECT_FALSE(find_event_fields("", fields));
}

TEST(EventFields, python_and_node_spacing_are_both_read) {
  EventFields fields;
  EXPECT_TRUE(find_event_fields(R"(["equity_updated", {"challenge_id": "bench-0001234", )"
                                R"("executed_at_ns": "0000000000000005678"}])",
                                fields));
  EXPECT_EQ(fields.challenge, 1234U);
  EXPECT_EQ(fields.published_ns, 5678U);
  EXPECT_FALSE(find_event_fields(R"(["equity_updated",{"challenge_id":"bench-1"}])", fields));
  EXPECT_FALSE(find_event_fields(R"(["equity_updated",{"challenge_id":"bench-0001234",)"
                                 R"("executed_at_ns":"00000000000000x5678"}])",
                                 fields));
}

}  // namespace
}  // namespace outcry::bench
