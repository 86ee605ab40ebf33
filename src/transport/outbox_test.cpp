#include "transport/outbox.h"

#include <array>

#include <gtest/gtest.h>

namespace outcry::transport {
namespace {

class OutboxTest : public testing::Test {
 protected:
  void push(std::string_view packet) { push(make_frame(packet)); }
  void push(SharedFrame frame) {
    const FrameRef shared = pool_.share(std::move(frame));
    outbox_.push(shared, shared->wire());
  }
  std::string gathered() const {
    std::array<iovec, 16> parts;
    std::string out;
    const std::size_t count = outbox_.gather(parts);
    for (std::size_t i = 0; i < count; ++i) {
      out.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
    }
    return out;
  }
  std::string payload(std::size_t packets_max) {
    std::string out;
    outbox_.take_payload(out, packets_max);
    return out;
  }

  FramePool pool_;
  Outbox outbox_;
};

TEST_F(OutboxTest, gathers_the_rest_after_a_write_of_any_length) {
  const std::string all =
      "\x81\x02"
      "4a"
      "\x81\x03"
      "4bc"
      "\x81\x01"
      "6";
  for (std::size_t sent = 0; sent <= all.size(); ++sent) {
    push("4a");
    push("4bc");
    push("6");
    outbox_.consume(sent);
    EXPECT_EQ(gathered(), all.substr(sent));
    EXPECT_EQ(outbox_.bytes(), all.size() - sent);
    EXPECT_EQ(outbox_.empty(), sent == all.size());
    outbox_.clear();
  }
}

TEST_F(OutboxTest, consumes_byte_by_byte_what_it_consumes_at_once) {
  push("4a");
  push("4bc");
  const std::string all = gathered();
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(gathered(), all.substr(i));
    outbox_.consume(1);
  }
  EXPECT_TRUE(outbox_.empty());
}

TEST_F(OutboxTest, gathers_no_more_parts_than_it_is_given) {
  for (int i = 0; i < 5; ++i) push("4");
  std::array<iovec, 3> parts;
  EXPECT_EQ(outbox_.gather(parts), 3u);
  EXPECT_EQ(outbox_.gather(std::span(parts).first(0)), 0u);
}

TEST_F(OutboxTest, keeps_the_order_and_the_count_of_a_queue_that_never_empties) {
  push("40");
  std::size_t next_out = 0;
  for (std::size_t next_in = 1; next_in <= 1000; ++next_in) {
    push("4" + std::to_string(next_in));
    const std::string expected = "4" + std::to_string(next_out++);
    EXPECT_EQ(gathered().substr(2, expected.size()), expected);
    outbox_.consume(2 + expected.size());
    EXPECT_EQ(outbox_.size(), 1u);
  }
}

TEST_F(OutboxTest, a_payload_takes_at_most_its_packets_and_leaves_the_rest) {
  for (const char* packet : {"41", "42", "43"}) push(packet);
  EXPECT_EQ(payload(2),
            "41\x1e"
            "42");
  EXPECT_EQ(payload(2), "43");
  EXPECT_TRUE(outbox_.empty());
  EXPECT_EQ(outbox_.bytes(), 0u);
  EXPECT_EQ(payload(2), "");
}

TEST_F(OutboxTest, an_event_and_its_attachments_are_never_parted) {
  const auto event_of = [](int attachments) {
    return make_frame("4event",
                      std::vector<std::string>(static_cast<std::size_t>(attachments), "\x01"));
  };
  push("4a");
  push(event_of(2));
  push(event_of(4));
  push("4z");
  EXPECT_EQ(payload(3), "4a") << "three more would make four";
  EXPECT_EQ(payload(3),
            "4event\x1e"
            "bAQ==\x1e"
            "bAQ==");
  EXPECT_EQ(payload(3),
            "4event\x1e"
            "bAQ==\x1e"
            "bAQ==\x1e"
            "bAQ==\x1e"
            "bAQ==")
      << "beyond the cap, but one unit";
  EXPECT_EQ(payload(3), "4z");
}

TEST_F(OutboxTest, gives_up_all_but_the_rest_of_a_frame_that_is_partly_written) {
  push("4abc");
  push("4def");
  outbox_.consume(3);
  std::string rest = "x";
  outbox_.take_wire(rest, true);
  EXPECT_EQ(rest, "xabc");
  EXPECT_TRUE(outbox_.empty());

  push("4abc");
  rest.clear();
  outbox_.take_wire(rest, true);
  EXPECT_EQ(rest, "") << "nothing of it was written, so nothing is owed";
  EXPECT_TRUE(outbox_.empty());
  EXPECT_EQ(outbox_.bytes(), 0u);
}

TEST_F(OutboxTest, takes_all_wire_bytes_from_where_the_last_write_ended) {
  push("4abc");
  push("4def");
  outbox_.consume(3);
  std::string rest;
  outbox_.take_wire(rest, false);
  EXPECT_EQ(rest,
            "abc\x81\x04"
            "4def");
  EXPECT_EQ(outbox_.bytes(), 0u);
}

}  // namespace
}  // namespace outcry::transport
