#include "limit/limit_server.h"

#include <string>

#include <gtest/gtest.h>

#include "load/frame.h"
#include "load/session.h"

namespace outcry::bench {
namespace {

TEST(BareUpgrade, what_a_bare_client_asks_is_understood) {
  SessionOptions options;
  options.host = "127.0.0.1:5000";
  options.path = "/socket.io/";
  options.mode = SessionMode::bare;
  std::string request;
  Session(1'234'567).start(options, request);
  BareUpgrade wanted;
  ASSERT_TRUE(read_bare_upgrade(request, wanted)) << request;
  EXPECT_EQ(wanted.room, 1'234'567U);
  EXPECT_EQ(wanted.key.size(), 24U);
}

TEST(BareUpgrade, anything_else_is_refused) {
  const std::string key = "Sec-WebSocket-Key: b3V0Y3J5LWJlbmNoLWtleQ==\r\n\r\n";
  const std::string good = "GET /?challenge=bench-0000001 HTTP/1.1\r\n" + key;
  BareUpgrade wanted;
  EXPECT_TRUE(read_bare_upgrade(good, wanted));
  EXPECT_FALSE(read_bare_upgrade("POST" + good.substr(3), wanted));
  EXPECT_FALSE(read_bare_upgrade("GET / HTTP/1.1\r\n" + key, wanted));
  EXPECT_FALSE(read_bare_upgrade("GET /?challenge=bench-000001 HTTP/1.1\r\n" + key, wanted));
  EXPECT_FALSE(read_bare_upgrade("GET /?challenge=0000001 HTTP/1.1\r\n" + key, wanted));
  EXPECT_FALSE(read_bare_upgrade("GET /?challenge=bench-0000001 HTTP/1.1\r\n\r\n", wanted));
}

TEST(TextFrame, the_generator_reads_what_the_limit_writes) {
  for (const std::size_t bytes : {0U, 1U, 125U, 126U, 455U, 65'535U}) {
    const std::string payload(bytes, 'x');
    const std::string wire = text_frame(payload) + text_frame("next");
    std::string_view in = wire;
    Frame frame;
    ASSERT_EQ(take_frame(in, frame), FrameStatus::complete) << bytes;
    EXPECT_EQ(frame.opcode, kOpText);
    EXPECT_EQ(frame.payload, payload);
    ASSERT_EQ(take_frame(in, frame), FrameStatus::complete);
    EXPECT_EQ(frame.payload, "next");
  }
}

}  // namespace
}  // namespace outcry::bench
