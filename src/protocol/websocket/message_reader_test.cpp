#include "protocol/websocket/message_reader.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "protocol/websocket/client_frames.h"
#include "protocol/websocket/deflate.h"

namespace outcry::websocket {
namespace {

using test::client_frame;
using test::kFinal;
using test::kMore;

constexpr ReaderLimits kLimits{.message_bytes_max = 1000, .fragments_max = 5, .deflate = true};

struct Seen {
  std::vector<std::string> events;  // "text:payload", "close:1000:reason"
  std::error_code error;
  std::size_t error_at = 0;  // bytes fed when the error came

  bool operator==(const Seen&) const = default;
};

std::string describe(const Event& event) {
  const std::string payload(event.text());
  switch (event.kind) {
    case EventKind::text:
      return "text:" + payload;
    case EventKind::binary:
      return "binary:" + payload;
    case EventKind::ping:
      return "ping:" + payload;
    case EventKind::pong:
      return "pong:" + payload;
    case EventKind::close:
      return "close:" + std::to_string(event.close_code) + ":" + payload;
    case EventKind::need_more:
      break;
  }
  return "need_more";
}

/// Reads `text` in pieces, each from the same buffer, as a worker does.
Seen read_in_pieces(std::string text, std::size_t piece_bytes, ReaderLimits limits = kLimits) {
  Seen seen;
  Inflater inflater;
  MessageReader reader(limits);
  std::vector<std::byte> buffer(piece_bytes);
  for (std::size_t at = 0; at < text.size(); at += piece_bytes) {
    const Bytes piece = as_bytes(std::string_view(text).substr(at, piece_bytes));
    std::ranges::copy(piece, buffer.begin());
    std::span<std::byte> in = std::span(buffer).first(piece.size());
    while (true) {
      const Result<Event> event = reader.next(in, inflater);
      if (!event) {
        seen.error = event.error();
        seen.error_at = at + piece.size() - in.size();
        return seen;
      }
      if (event->kind == EventKind::need_more) break;
      seen.events.push_back(describe(*event));
    }
    EXPECT_TRUE(in.empty());
  }
  return seen;
}

/// What is seen whole, which must be what is seen in pieces of every other size.
Seen read(const std::string& text, ReaderLimits limits = kLimits) {
  const Seen whole = read_in_pieces(text, std::max<std::size_t>(text.size(), 1), limits);
  for (const std::size_t size : {1UL, 2UL, 3UL, 5UL, 7UL, 13UL, 64UL, 200UL}) {
    const Seen torn = read_in_pieces(text, size, limits);
    EXPECT_EQ(torn.events, whole.events) << size;
    EXPECT_EQ(torn.error, whole.error) << size << ' ' << torn.error.message();
  }
  return whole;
}

std::error_code error_of(const std::string& text, ReaderLimits limits = kLimits) {
  return read(text, limits).error;
}

std::string deflated(std::string_view text) {
  std::string out;
  Deflater().deflate(text, out);
  return out;
}

using Events = std::vector<std::string>;

TEST(MessageReader, messages_of_every_length_form) {
  const std::string medium(126, 'm');
  const std::string large(70'000, 'l');
  const ReaderLimits limits{.message_bytes_max = 70'000};
  EXPECT_EQ(read(client_frame(Opcode::text, "hello") + client_frame(Opcode::binary, "\xFF") +
                     client_frame(Opcode::text, "") + client_frame(Opcode::text, medium) +
                     client_frame(Opcode::binary, large),
                 limits)
                .events,
            (Events{"text:hello", "binary:\xFF", "text:", "text:" + medium, "binary:" + large}));
}

TEST(MessageReader, fragments_are_joined_and_control_frames_pass_between_them) {
  const std::string text =
      client_frame(Opcode::text, "He", kMore) + client_frame(Opcode::ping, "p1") +
      client_frame(Opcode::continuation, "", kMore) + client_frame(Opcode::pong, "") +
      client_frame(Opcode::continuation, "llo") + client_frame(Opcode::binary, "", kMore) +
      client_frame(Opcode::continuation, "") + client_frame(Opcode::ping, std::string(125, 'P'));
  EXPECT_EQ(read(text).events,
            (Events{"ping:p1", "pong:", "text:Hello", "binary:", "ping:" + std::string(125, 'P')}));
}

TEST(MessageReader, a_whole_message_is_viewed_in_the_read_buffer) {
  std::string text = client_frame(Opcode::text, "hello");
  std::span<std::byte> in = std::as_writable_bytes(std::span(text));
  Inflater inflater;
  MessageReader reader(kLimits);
  const Event event = reader.next(in, inflater).value();
  EXPECT_EQ(event.payload.data(), std::as_bytes(std::span(text)).data() + 6);
  EXPECT_EQ(reader.buffered_bytes(), 0U);
}

TEST(MessageReader, memory_is_held_only_while_a_message_is_unfinished) {
  std::string text = client_frame(Opcode::text, std::string(500, 'x'));
  const std::span<std::byte> bytes = std::as_writable_bytes(std::span(text));
  Inflater inflater;
  MessageReader reader(kLimits);
  std::span<std::byte> in = bytes.first(8);  // the header: nothing to hold yet
  EXPECT_EQ(reader.next(in, inflater)->kind, EventKind::need_more);
  EXPECT_EQ(reader.buffered_bytes(), 0U);
  in = bytes.subspan(8, 100);
  EXPECT_EQ(reader.next(in, inflater)->kind, EventKind::need_more);
  EXPECT_GE(reader.buffered_bytes(), 100U);
  in = bytes.subspan(108);
  EXPECT_EQ(reader.next(in, inflater)->text(), std::string(500, 'x'));
  EXPECT_EQ(reader.next(in, inflater)->kind, EventKind::need_more);
  EXPECT_EQ(reader.buffered_bytes(), 0U);
}

TEST(MessageReader, an_announced_length_reserves_little) {
  std::string text = client_frame(Opcode::binary, std::string(900'000, 'x')).substr(0, 15);
  Inflater inflater;
  MessageReader reader(ReaderLimits{.message_bytes_max = 1'000'000});
  std::span<std::byte> in = std::as_writable_bytes(std::span(text));
  EXPECT_EQ(reader.next(in, inflater)->kind, EventKind::need_more);
  EXPECT_LT(reader.buffered_bytes(), 5000U);
}

TEST(MessageReader, the_message_limit_counts_all_fragments_and_is_seen_on_the_header) {
  EXPECT_FALSE(error_of(client_frame(Opcode::text, std::string(1000, 'x'))));
  const std::string over = client_frame(Opcode::text, std::string(1001, 'x'));
  EXPECT_EQ(error_of(over.substr(0, 4)), WebSocketError::message_too_big);
  const std::string half = client_frame(Opcode::text, std::string(500, 'x'), kMore);
  EXPECT_FALSE(error_of(half + client_frame(Opcode::continuation, std::string(500, 'x'))));
  const std::string rest = client_frame(Opcode::continuation, std::string(501, 'x'));
  EXPECT_EQ(error_of(half + rest.substr(0, 8)), WebSocketError::message_too_big);
  EXPECT_EQ(close_code_for(WebSocketError::message_too_big), 1009);
}

TEST(MessageReader, the_limit_can_be_raised_between_messages) {
  std::string small = client_frame(Opcode::text, "12345");
  std::string big = client_frame(Opcode::text, "123456");
  Inflater inflater;
  MessageReader reader(ReaderLimits{.message_bytes_max = 5});
  std::span<std::byte> in = std::as_writable_bytes(std::span(small));
  EXPECT_EQ(reader.next(in, inflater)->text(), "12345");
  reader.set_message_bytes_max(6);
  in = std::as_writable_bytes(std::span(big));
  EXPECT_EQ(reader.next(in, inflater)->text(), "123456");
}

TEST(MessageReader, the_number_of_fragments_is_limited) {
  std::string text = client_frame(Opcode::text, "1", kMore);
  for (int i = 0; i < 3; ++i) text += client_frame(Opcode::continuation, "", kMore);
  EXPECT_EQ(read(text + client_frame(Opcode::continuation, "5")).events, Events{"text:15"});
  text += client_frame(Opcode::continuation, "", kMore);
  EXPECT_EQ(error_of(text + client_frame(Opcode::continuation, "6")),
            WebSocketError::too_many_fragments);
  EXPECT_EQ(close_code_for(WebSocketError::too_many_fragments), 1009);
}

TEST(MessageReader, the_order_of_frames_is_checked) {
  EXPECT_EQ(error_of(client_frame(Opcode::continuation, "x")),
            WebSocketError::unexpected_continuation);
  EXPECT_EQ(error_of(client_frame(Opcode::text, "x") + client_frame(Opcode::continuation, "x")),
            WebSocketError::unexpected_continuation);
  EXPECT_EQ(error_of(client_frame(Opcode::text, "x", kMore) + client_frame(Opcode::text, "x")),
            WebSocketError::expected_continuation);
  EXPECT_EQ(close_code_for(WebSocketError::expected_continuation), 1002);
}

TEST(MessageReader, text_fails_at_its_first_wrong_byte_within_a_frame) {
  // Surrogate: wrong at the second of its three bytes, long before the frame's end.
  const std::string text = client_frame(Opcode::text, "ab\xED\xA0\x80" + std::string(100, 'x'));
  EXPECT_EQ(error_of(text), WebSocketError::invalid_utf8);
  const Seen torn = read_in_pieces(text, 1);
  EXPECT_EQ(torn.error_at, 6U + 4U);
  EXPECT_EQ(close_code_for(torn.error), 1007);
  EXPECT_EQ(error_of(text.substr(0, 10)), WebSocketError::invalid_utf8);
  EXPECT_FALSE(error_of(text.substr(0, 9)));
}

TEST(MessageReader, a_character_may_span_fragments_but_not_messages) {
  EXPECT_EQ(read(client_frame(Opcode::text, "\xE2\x82", kMore) + client_frame(Opcode::ping, "") +
                 client_frame(Opcode::continuation, "\xAC"))
                .events,
            (Events{"ping:", "text:\u20ac"}));
  EXPECT_EQ(error_of(client_frame(Opcode::text, "\xE2\x82")), WebSocketError::invalid_utf8);
  EXPECT_EQ(error_of(client_frame(Opcode::text, "\xE2\x82", kMore) +
                     client_frame(Opcode::continuation, "")),
            WebSocketError::invalid_utf8);
  EXPECT_EQ(error_of(client_frame(Opcode::text, "\xE2", kMore) +
                     client_frame(Opcode::continuation, "a", kMore)),
            WebSocketError::invalid_utf8);
}

TEST(MessageReader, close_gives_code_and_reason_and_ends_reading) {
  const std::string after = client_frame(Opcode::text, "late") + "garbage";
  EXPECT_EQ(read(client_frame(Opcode::close, "") + after).events, Events{"close:1005:"});
  EXPECT_EQ(read(client_frame(Opcode::close, "\x03\xE8") + after).events, Events{"close:1000:"});
  EXPECT_EQ(read(client_frame(Opcode::text, "half", kMore) + client_frame(Opcode::close,
                                                                          "\x0F\xA0"
                                                                          "bye"))
                .events,
            Events{"close:4000:bye"});
  const std::string longest = "\x03\xE8" + std::string(123, 'r');
  EXPECT_EQ(read(client_frame(Opcode::close, longest)).events,
            Events{"close:1000:" + std::string(123, 'r')});
}

TEST(MessageReader, a_broken_close_is_refused) {
  EXPECT_EQ(error_of(client_frame(Opcode::close, "\x03")), WebSocketError::close_payload_one_byte);
  EXPECT_EQ(error_of(client_frame(Opcode::close, "\x03\xED")), WebSocketError::invalid_close_code);
  EXPECT_EQ(error_of(client_frame(Opcode::close, "\x03\xE8\xFF")),
            WebSocketError::invalid_close_reason);
  EXPECT_EQ(close_code_for(WebSocketError::invalid_close_code), 1002);
  EXPECT_EQ(close_code_for(WebSocketError::invalid_close_reason), 1007);
}

TEST(MessageReader, after_an_error_the_rest_is_read_past) {
  std::string text = client_frame(Opcode::continuation, "") + client_frame(Opcode::text, "late");
  std::span<std::byte> in = std::as_writable_bytes(std::span(text));
  Inflater inflater;
  MessageReader reader(kLimits);
  EXPECT_FALSE(reader.next(in, inflater));
  EXPECT_EQ(reader.next(in, inflater)->kind, EventKind::need_more);
  EXPECT_TRUE(in.empty());
}

TEST(MessageReader, compressed_messages_whole_and_in_fragments) {
  const std::string message = "price price price \u20ac price";
  const std::string payload = deflated(message);
  const std::string whole = client_frame(Opcode::text, payload, kFinal, true);
  const std::string parts = client_frame(Opcode::binary, payload.substr(0, 5), kMore, true) +
                            client_frame(Opcode::ping, "between") +
                            client_frame(Opcode::continuation, payload.substr(5));
  EXPECT_EQ(read(whole + parts + client_frame(Opcode::text, "plain")).events,
            (Events{"text:" + message, "ping:between", "binary:" + message, "text:plain"}));
}

TEST(MessageReader, connections_within_compressed_messages_share_an_inflater) {
  const std::string payload = deflated("the one");
  const std::string other_payload = deflated("the other");
  std::string start = client_frame(Opcode::text, payload.substr(0, 4), kMore, true);
  std::string other = client_frame(Opcode::text, other_payload, kFinal, true);
  std::string rest = client_frame(Opcode::continuation, payload.substr(4));
  Inflater inflater;
  MessageReader one(kLimits);
  MessageReader two(kLimits);
  std::span<std::byte> in = std::as_writable_bytes(std::span(start));
  EXPECT_EQ(one.next(in, inflater)->kind, EventKind::need_more);
  in = std::as_writable_bytes(std::span(other));
  EXPECT_EQ(two.next(in, inflater)->text(), "the other");
  in = std::as_writable_bytes(std::span(rest));
  EXPECT_EQ(one.next(in, inflater)->text(), "the one");
}

TEST(MessageReader, compressed_messages_obey_the_limit_the_grammar_and_utf8) {
  const auto compressed = [](const std::string& payload) {
    return client_frame(Opcode::text, payload, kFinal, true);
  };
  EXPECT_FALSE(error_of(compressed(deflated(std::string(1000, 'x')))));
  EXPECT_EQ(error_of(compressed(deflated(std::string(1001, 'x')))),
            WebSocketError::message_too_big);
  EXPECT_EQ(error_of(compressed(deflated("\xFF"))), WebSocketError::invalid_utf8);
  EXPECT_EQ(error_of(compressed("\xFF\xFF")), WebSocketError::invalid_deflate);
  EXPECT_EQ(close_code_for(WebSocketError::invalid_deflate), 1007);
  const ReaderLimits plain{.message_bytes_max = 1000, .deflate = false};
  EXPECT_EQ(error_of(compressed(deflated("x")), plain), WebSocketError::reserved_bits);
}

}  // namespace
}  // namespace outcry::websocket
