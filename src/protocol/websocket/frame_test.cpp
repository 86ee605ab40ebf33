#include "protocol/websocket/frame.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace outcry::websocket {
namespace {

constexpr FrameLimits kLimits{.message_bytes_max = 70'000, .deflate = false};

std::string bytes_of(std::initializer_list<int> values) {
  std::string text;
  for (const int value : values) text.push_back(static_cast<char>(value));
  return text;
}

/// A masked frame's header: FIN text and this length, in a form of 0, 2 or 8 more bytes.
std::string header_of(std::uint64_t payload_bytes, int length_bytes) {
  std::string text = bytes_of({0x81, 0x80});
  text[1] = static_cast<char>(0x80U | (length_bytes == 0   ? payload_bytes
                                       : length_bytes == 2 ? 126U
                                                           : 127U));
  for (int shift = 8 * (length_bytes - 1); shift >= 0; shift -= 8) {
    text.push_back(static_cast<char>(payload_bytes >> shift & 0xFF));
  }
  return text + "mask";
}

/// The error of a header, which must be seen with no byte more than it takes.
std::error_code error_of(std::string_view text, std::size_t seen_after,
                         FrameLimits limits = kLimits) {
  for (std::size_t size = 0; size <= text.size(); ++size) {
    const auto header = decode_frame_header(as_bytes(text.substr(0, size)), limits);
    if (!header) {
      EXPECT_EQ(size, seen_after);
      return header.error();
    }
  }
  return {};
}

TEST(Frame, a_header_is_whole_at_its_last_byte_only) {
  struct Case {
    std::uint64_t payload_bytes;
    int length_bytes;
  };
  for (const Case c : {Case{0, 0}, Case{125, 0}, Case{126, 2}, Case{65'535, 2}, Case{65'536, 8},
                       Case{70'000, 8}}) {
    const std::string text = header_of(c.payload_bytes, c.length_bytes) + "payload";
    const std::size_t header_bytes = text.size() - 7;
    for (std::size_t size = 0; size < header_bytes; ++size) {
      const auto torn = decode_frame_header(as_bytes(text.substr(0, size)), kLimits);
      ASSERT_TRUE(torn && !torn->has_value()) << c.payload_bytes << ' ' << size;
    }
    const auto header = decode_frame_header(as_bytes(text), kLimits);
    ASSERT_TRUE(header && header->has_value());
    EXPECT_EQ((*header)->payload_bytes, c.payload_bytes);
    EXPECT_EQ((*header)->header_bytes, header_bytes);
    EXPECT_EQ((*header)->opcode, Opcode::text);
    EXPECT_TRUE((*header)->final);
    EXPECT_EQ(as_text((*header)->mask), "mask");
  }
}

TEST(Frame, each_broken_header_is_refused_as_soon_as_it_shows) {
  EXPECT_EQ(error_of(bytes_of({0x91}), 1), WebSocketError::reserved_bits);
  EXPECT_EQ(error_of(bytes_of({0xA1}), 1), WebSocketError::reserved_bits);
  EXPECT_EQ(error_of(bytes_of({0xC1}), 1), WebSocketError::reserved_bits);
  for (const int opcode : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15}) {
    EXPECT_EQ(error_of(bytes_of({0x80 | opcode}), 1), WebSocketError::reserved_opcode);
  }
  for (const int opcode : {8, 9, 10}) {
    EXPECT_EQ(error_of(bytes_of({opcode}), 1), WebSocketError::fragmented_control);
    EXPECT_EQ(error_of(bytes_of({0x80 | opcode, 0x80 | 126}), 2), WebSocketError::control_too_long);
    EXPECT_FALSE(error_of(bytes_of({0x80 | opcode, 0x80 | 125}), 0));
  }
  EXPECT_EQ(error_of(bytes_of({0x81, 0x00}), 2), WebSocketError::unmasked_frame);
  EXPECT_EQ(error_of(header_of(125, 2), 4), WebSocketError::length_not_minimal);
  EXPECT_EQ(error_of(header_of(65'535, 8), 10), WebSocketError::length_not_minimal);
  EXPECT_EQ(error_of(header_of(70'001, 8), 10), WebSocketError::message_too_big);
  EXPECT_EQ(error_of(header_of(~std::uint64_t{0} >> 1, 8), 10), WebSocketError::message_too_big);
  EXPECT_EQ(error_of(header_of(std::uint64_t{1} << 63, 8), 10), WebSocketError::length_top_bit);
  EXPECT_EQ(error_of(header_of(~std::uint64_t{0}, 8), 10), WebSocketError::length_top_bit);
}

TEST(Frame, rsv1_is_for_the_first_frame_of_a_deflated_message) {
  const FrameLimits deflating{.message_bytes_max = 70'000, .deflate = true};
  EXPECT_FALSE(error_of(bytes_of({0xC1, 0x80}), 0, deflating));
  EXPECT_FALSE(error_of(bytes_of({0x42, 0x80}), 0, deflating));
  EXPECT_EQ(error_of(bytes_of({0xC0}), 1, deflating), WebSocketError::reserved_bits);
  EXPECT_EQ(error_of(bytes_of({0xC9}), 1, deflating), WebSocketError::reserved_bits);
}

TEST(Frame, control_frames_pass_when_messages_may_be_empty_only) {
  const FrameLimits tiny{.message_bytes_max = 0};
  EXPECT_FALSE(error_of(bytes_of({0x89, 0x80 | 125}), 0, tiny));
  EXPECT_EQ(error_of(bytes_of({0x81, 0x81}), 2, tiny), WebSocketError::message_too_big);
}

TEST(Frame, masking_agrees_with_the_rfc_for_every_size_phase_and_alignment) {
  const MaskingKey mask = {std::byte{0x37}, std::byte{0xFA}, std::byte{0x21}, std::byte{0x3D}};
  for (std::size_t size = 0; size <= 100; ++size) {
    for (std::size_t phase = 0; phase < 5; ++phase) {
      for (std::size_t offset = 0; offset < 3; ++offset) {
        std::vector<std::byte> buffer(offset + size);
        for (std::size_t i = 0; i < buffer.size(); ++i) buffer[i] = std::byte(i * 7);
        apply_mask(std::span(buffer).subspan(offset), mask, phase);
        for (std::size_t i = 0; i < size; ++i) {
          const std::byte expected = std::byte((i + offset) * 7) ^ mask[(phase + i) % 4];
          ASSERT_EQ(buffer[offset + i], expected) << size << ' ' << phase << ' ' << i;
        }
      }
    }
  }
}

TEST(Frame, server_frames_take_the_shortest_header) {
  for (const std::size_t size : {0UL, 125UL, 126UL, 65'535UL, 65'536UL}) {
    std::string out;
    append_frame(out, Opcode::binary, std::string(size, 'p'));
    EXPECT_EQ(out.size(), frame_header_size(size) + size);
    EXPECT_EQ(out.substr(frame_header_size(size)), std::string(size, 'p'));
  }
  std::string out;
  append_frame(out, Opcode::text, "Hello");  // RFC 6455 §5.7
  EXPECT_EQ(out, "\x81\x05Hello");
  out.clear();
  append_frame(out, Opcode::text, std::string(256, 'x'), true);
  EXPECT_EQ(out.substr(0, 4), bytes_of({0xC1, 126, 1, 0}));
  std::array<std::byte, kServerHeaderBytesMax> header;
  EXPECT_EQ(encode_frame_header(header, Opcode::binary, 0x10000), 10U);
  EXPECT_EQ(as_text(header), bytes_of({0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0}));
}

TEST(Frame, a_close_reason_is_cut_between_characters) {
  std::string out;
  append_close(out, 1005);
  EXPECT_EQ(out, bytes_of({0x88, 0}));
  out.clear();
  append_close(out, 1009, "big");
  EXPECT_EQ(out, bytes_of({0x88, 5, 0x03, 0xF1}) + "big");
  out.clear();
  append_close(out, 1000, std::string(123, 'r'));
  EXPECT_EQ(out.size(), 2U + 125U);
  out.clear();
  append_close(out, 1000, std::string(122, 'r') + "\u20ac");
  EXPECT_EQ(out.substr(4), std::string(122, 'r'));
}

TEST(Frame, close_codes_that_may_be_sent) {
  for (const int code : {1000, 1001, 1002, 1003, 1007, 1011, 1012, 1014, 3000, 4999}) {
    EXPECT_TRUE(is_sendable_close_code(static_cast<std::uint16_t>(code))) << code;
  }
  for (const int code : {0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535}) {
    EXPECT_FALSE(is_sendable_close_code(static_cast<std::uint16_t>(code))) << code;
  }
}

}  // namespace
}  // namespace outcry::websocket
