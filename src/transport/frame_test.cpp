#include "transport/frame.h"

#include <gtest/gtest.h>

#include "protocol/websocket/deflate.h"

namespace outcry::transport {
namespace {

SharedFrame event_with_two_attachments() {
  return make_frame("452-[\"e\"]", std::vector<std::string>{{"\x00\x1e", 2}, ""});
}

std::string payload_of(const Frame& frame) {
  std::string out;
  frame.append_payload(out);
  return out;
}

TEST(Frame, is_websocket_frames_and_polling_packets_at_once) {
  const SharedFrame frame = event_with_two_attachments();
  EXPECT_EQ(frame->wire(), std::string("\x81\x09"
                                       "452-[\"e\"]"
                                       "\x82\x02\x00\x1e\x82\x00",
                                       17));
  EXPECT_EQ(payload_of(*frame),
            "452-[\"e\"]\x1e"
            "bAB4=\x1e"
            "b");
  EXPECT_EQ(frame->packet_count(), 3u);
  EXPECT_EQ(frame->text(), "452-[\"e\"]");
  EXPECT_TRUE(frame->has_binary());
  EXPECT_FALSE(make_frame("4x")->has_binary());
}

TEST(Frame, long_packets_get_each_length_form) {
  for (const std::size_t size : {125u, 126u, 65'535u, 65'536u}) {
    const std::string text(size, 'x');
    const SharedFrame frame = make_frame(text);
    EXPECT_EQ(frame->text(), text);
    EXPECT_EQ(payload_of(*frame), text);
    EXPECT_EQ(frame->wire().size(), size + (size < 126 ? 2 : size < 65'536 ? 4 : 10));
  }
}

TEST(Frame, a_binary_message_stands_alone) {
  const SharedFrame frame = make_binary_frame(as_bytes("\x01\x02"));
  EXPECT_EQ(frame->wire(), "\x82\x02\x01\x02");
  EXPECT_EQ(payload_of(*frame), "bAQI=");
  EXPECT_EQ(frame->text(), "");
}

TEST(Frame, a_client_without_binary_gets_base64_text_frames) {
  const SharedFrame frame = make_base64_frame(*event_with_two_attachments());
  EXPECT_EQ(frame->wire(),
            "\x81\x09"
            "452-[\"e\"]"
            "\x81\x05"
            "bAB4="
            "\x81\x01"
            "b");
}

TEST(FrameRef, the_last_reference_gives_the_frame_back) {
  FramePool pool;
  const SharedFrame frame = make_frame("4x");
  {
    FrameRef first = pool.share(frame);
    FrameRef second = first;
    FrameRef third = std::move(first);
    second = third;
    EXPECT_EQ(frame.use_count(), 2) << "one for the worker, however many references it has";
    EXPECT_EQ(&*second, frame.get());
    third = FrameRef();
    EXPECT_EQ(frame.use_count(), 2);
  }
  EXPECT_EQ(frame.use_count(), 1);
}

TEST(FrameRef, a_reused_node_has_nothing_of_its_last_frame) {
  FramePool pool;
  const std::string first(2000, 'a'), second(2000, 'b');
  std::string before(pool.share(make_frame(first)).deflated_wire(15, 0));
  const FrameRef reused = pool.share(make_frame(second));
  EXPECT_NE(reused.deflated_wire(15, 0), before);
  EXPECT_EQ(reused->text(), second);
}

TEST(FrameRef, deflates_once_for_each_window_and_keeps_attachments_plain) {
  FramePool pool;
  const FrameRef frame =
      pool.share(make_frame("4" + std::string(5000, 'x'), std::vector<std::string>{"bytes"}));
  const std::string_view narrow = frame.deflated_wire(9, 1024);
  const std::string copy(narrow);
  for (int bits = 10; bits <= 15; ++bits) (void)frame.deflated_wire(bits, 1024);
  EXPECT_EQ(frame.deflated_wire(9, 1024).data(), narrow.data()) << "deflated again";
  EXPECT_EQ(narrow, copy) << "the other windows moved it";
  EXPECT_EQ(static_cast<unsigned char>(narrow[0]), 0xC1) << "text, final, compressed";
  EXPECT_TRUE(
      narrow.ends_with("\x82\x05"
                       "bytes"));

  const auto length = static_cast<unsigned char>(narrow[1]);
  ASSERT_LT(length, 126u);
  websocket::Inflater inflater;
  const auto inflated = inflater.inflate(as_bytes(narrow.substr(2, length)), 10'000);
  ASSERT_TRUE(inflated);
  EXPECT_EQ(as_text(*inflated), frame->text());
}

TEST(FrameRef, leaves_short_texts_and_binary_messages_plain) {
  FramePool pool;
  const FrameRef text = pool.share(make_frame("4short"));
  EXPECT_EQ(text.deflated_wire(15, 7), text->wire());
  EXPECT_NE(text.deflated_wire(15, 6), text->wire());
  const FrameRef binary = pool.share(make_binary_frame(as_bytes(std::string(5000, 'x'))));
  EXPECT_EQ(binary.deflated_wire(15, 0), binary->wire());
}

// ---- Trailers ----

constexpr std::string_view kTrailer = R"(,"AAAA")";

SharedFrame event_with_trailer(std::span<const std::string> attachments = {}) {
  return make_frame(R"(42["e",{"n":1},"AAAA"])", attachments, kTrailer.size());
}

TEST(Trailer, is_the_last_argument_and_can_be_left_out) {
  const SharedFrame frame = event_with_trailer();
  EXPECT_EQ(frame->text(), R"(42["e",{"n":1},"AAAA"])");
  EXPECT_EQ(frame->trailer(), kTrailer);
  const SharedFrame without = make_frame_without_trailer(*frame);
  EXPECT_EQ(without->wire(), make_frame(R"(42["e",{"n":1}])")->wire());
  EXPECT_FALSE(without->has_trailer());
}

TEST(Trailer, is_written_into_a_frame_that_nobody_else_has) {
  const SharedFrame frame = event_with_trailer();
  set_trailer(frame, R"(,"1234")");
  EXPECT_EQ(frame->text(), R"(42["e",{"n":1},"1234"])");
  EXPECT_EQ(payload_of(*frame), R"(42["e",{"n":1},"1234"])");
}

TEST(Trailer, leaves_the_attachments_where_they_are) {
  const SharedFrame frame = event_with_trailer(std::vector<std::string>{"one", ""});
  const SharedFrame without = make_frame_without_trailer(*frame);
  EXPECT_EQ(without->packet_count(), 3u);
  EXPECT_EQ(without->wire(),
            make_frame(R"(42["e",{"n":1}])", std::vector<std::string>{"one", ""})->wire());
}

TEST(Trailer, a_frame_that_got_shorter_has_the_shorter_header) {
  const std::string long_text = R"(42[")" + std::string(118, 'x') + '"';
  const SharedFrame frame =
      make_frame(long_text + std::string(kTrailer) + "]", {}, kTrailer.size());
  EXPECT_EQ(frame->wire().size(), frame->text().size() + 4);
  const SharedFrame without = make_frame_without_trailer(*frame);
  EXPECT_EQ(without->wire().size(), without->text().size() + 2);
}

TEST(Trailer, those_who_take_none_share_one_frame) {
  FramePool pool;
  const FrameRef frame =
      pool.share(event_with_trailer(), {.delivery_class = DeliveryClass::latest, .key = 7});
  const FrameRef without = frame.without_trailer();
  EXPECT_EQ(without->text(), R"(42["e",{"n":1}])");
  EXPECT_EQ(without.terms().key, 7u);
  EXPECT_TRUE(frame.without_trailer().same_as(without));
  const FrameRef plain = pool.share(make_frame("4x"));
  EXPECT_TRUE(plain.without_trailer().same_as(plain));
}

TEST(Trailer, the_frame_without_it_is_not_that_of_the_next_event) {
  FramePool pool;
  {
    EXPECT_EQ(pool.share(event_with_trailer()).without_trailer()->text(), R"(42["e",{"n":1}])");
  }
  const FrameRef next = pool.share(make_frame(R"(42["f","AAAA"])", {}, kTrailer.size()));
  EXPECT_EQ(next.without_trailer()->text(), R"(42["f"])");
}

}  // namespace
}  // namespace outcry::transport
