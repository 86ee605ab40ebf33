#include "load/frame.h"

#include <string>

#include <gtest/gtest.h>

namespace outcry::bench {
namespace {

using namespace std::string_literals;

TEST(Frame, two_frames_of_one_read_are_taken_one_after_the_other) {
  const std::string bytes = "\x81\x05hello\x89\x00"s;
  std::string_view in = bytes;
  Frame frame;
  ASSERT_EQ(take_frame(in, frame), FrameStatus::complete);
  EXPECT_EQ(frame.opcode, kOpText);
  EXPECT_EQ(frame.payload, "hello");
  ASSERT_EQ(take_frame(in, frame), FrameStatus::complete);
  EXPECT_EQ(frame.opcode, kOpPing);
  EXPECT_TRUE(in.empty());
}

TEST(Frame, a_frame_torn_at_any_byte_waits_for_the_rest) {
  for (const std::size_t length : {5UL, 125UL, 126UL, 350UL, 65'535UL, 65'536UL}) {
    std::string bytes = "\x81"s;
    if (length <= 125) {
      bytes.push_back(static_cast<char>(length));
    } else if (length <= 0xFFFF) {
      bytes += {static_cast<char>(126), static_cast<char>(length >> 8),
                static_cast<char>(length & 0xFF)};
    } else {
      bytes += "\x7F\0\0\0\0\0"s;
      bytes += {static_cast<char>(length >> 16), static_cast<char>(length >> 8),
                static_cast<char>(length & 0xFF)};
    }
    bytes.append(length, 'x');
    Frame frame;
    for (std::size_t cut = 0; cut < bytes.size(); cut += cut < 16 ? 1 : 97) {
      std::string_view torn = std::string_view(bytes).substr(0, cut);
      ASSERT_EQ(take_frame(torn, frame), FrameStatus::incomplete) << length << " cut at " << cut;
      ASSERT_EQ(torn.size(), cut);
    }
    std::string_view whole = bytes;
    ASSERT_EQ(take_frame(whole, frame), FrameStatus::complete);
    EXPECT_EQ(frame.payload.size(), length);
  }
}

TEST(Frame, a_deflated_frame_is_marked) {
  std::string_view in("\xC1\x01x\x81\x01y");
  Frame frame;
  ASSERT_EQ(take_frame(in, frame), FrameStatus::complete);
  EXPECT_TRUE(frame.compressed);
  ASSERT_EQ(take_frame(in, frame), FrameStatus::complete);
  EXPECT_FALSE(frame.compressed);
}

TEST(Frame, what_no_server_under_test_may_send_is_malformed) {
  const std::string masked = "\x81\x81\0\0\0\0x"s;
  const std::string fragment = "\x01\x01x"s;
  const std::string continuation = "\x80\x01x"s;
  const std::string compressed_ping = "\xC9\x01x"s;
  const std::string reserved = "\xA1\x01x"s;
  const std::string huge = "\x81\x7F\0\0\0\0\0\x10\0\x01"s;
  for (const std::string& bytes :
       {masked, fragment, continuation, compressed_ping, reserved, huge}) {
    std::string_view in = bytes;
    Frame frame;
    EXPECT_EQ(take_frame(in, frame), FrameStatus::malformed);
  }
}

TEST(Frame, a_client_frame_is_masked_with_the_key_in_network_order) {
  std::string out;
  append_client_frame(out, kOpText, "Hello", 0x37fa213d);  // the example of RFC 6455 §5.7
  EXPECT_EQ(out, "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"s);
}

TEST(Frame, a_long_client_frame_has_a_16_bit_length) {
  std::string out;
  append_client_frame(out, kOpText, std::string(300, 'a'), 0);
  EXPECT_EQ(out.substr(0, 4), "\x81\xFE\x01\x2C"s);
  EXPECT_EQ(out.size(), 2U + 2U + 4U + 300U);
}

}  // namespace
}  // namespace outcry::bench
