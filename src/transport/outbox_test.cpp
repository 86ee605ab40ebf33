#include "transport/outbox.h"

#include <array>
#include <map>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outcry::transport {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

constexpr milliseconds kConflation = 100ms;

class OutboxTest : public testing::Test {
 protected:
  void push(std::string_view packet) { push(make_frame(packet)); }
  void push(SharedFrame frame) { outbox_.push(pool_.share(std::move(frame))); }
  /// A `latest` event of this key, at this moment. True if it superseded an earlier one.
  bool push_latest(std::string_view packet, std::uint64_t key, milliseconds at = 0ms) {
    const DeliveryTerms terms{.delivery_class = DeliveryClass::latest, .key = key};
    return outbox_.push(pool_.share(make_frame(packet), terms, TimePoint(at)), kConflation);
  }
  std::string gathered() const {
    std::array<iovec, 16> parts;
    std::string out;
    const std::size_t count = outbox_.gather(parts, {});
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

  /// The packets that wait, in order; takes them all.
  std::vector<std::string> packets() {
    std::vector<std::string> out;
    while (!outbox_.empty()) out.push_back(payload(1));
    return out;
  }

  FramePool pool_;
  OutboxPool lists_;
  Outbox outbox_{lists_};
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
    outbox_.consume(sent, {});
    EXPECT_EQ(gathered(), all.substr(sent));
    const std::size_t whole = sent >= 9 ? 3 : sent >= 4 ? 8 : 12;  // a torn frame counts whole
    EXPECT_EQ(outbox_.bytes(), sent == all.size() ? 0 : whole);
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
    outbox_.consume(1, {});
  }
  EXPECT_TRUE(outbox_.empty());
}

TEST_F(OutboxTest, gathers_no_more_parts_than_it_is_given) {
  for (int i = 0; i < 5; ++i) push("4");
  std::array<iovec, 3> parts;
  EXPECT_EQ(outbox_.gather(parts, {}), 3u);
  EXPECT_EQ(outbox_.gather(std::span(parts).first(0), {}), 0u);
}

TEST_F(OutboxTest, keeps_the_order_and_the_count_of_a_queue_that_never_empties) {
  push("40");
  std::size_t next_out = 0;
  for (std::size_t next_in = 1; next_in <= 1000; ++next_in) {
    push("4" + std::to_string(next_in));
    const std::string expected = "4" + std::to_string(next_out++);
    EXPECT_EQ(gathered().substr(2, expected.size()), expected);
    outbox_.consume(2 + expected.size(), {});
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
  outbox_.consume(3, {});
  std::string rest = "x";
  outbox_.take_wire(rest, true, {});
  EXPECT_EQ(rest, "xabc");
  EXPECT_TRUE(outbox_.empty());

  push("4abc");
  rest.clear();
  outbox_.take_wire(rest, true, {});
  EXPECT_EQ(rest, "") << "nothing of it was written, so nothing is owed";
  EXPECT_TRUE(outbox_.empty());
  EXPECT_EQ(outbox_.bytes(), 0u);
}

TEST_F(OutboxTest, takes_all_wire_bytes_from_where_the_last_write_ended) {
  push("4abc");
  push("4def");
  outbox_.consume(3, {});
  std::string rest;
  outbox_.take_wire(rest, false, {});
  EXPECT_EQ(rest,
            "abc\x81\x04"
            "4def");
  EXPECT_EQ(outbox_.bytes(), 0u);
}

// ---- Conflation ----

TEST_F(OutboxTest, the_newest_of_a_key_stands_where_it_was_published) {
  EXPECT_FALSE(push_latest("4a1", 1));
  push("4must");
  EXPECT_FALSE(push_latest("4b1", 2));
  EXPECT_TRUE(push_latest("4a2", 1));
  EXPECT_TRUE(push_latest("4a3", 1));
  EXPECT_EQ(outbox_.size(), 3u);
  EXPECT_EQ(outbox_.bytes(), 7u + 5 + 5);
  EXPECT_THAT(packets(), ElementsAre("4must", "4b1", "4a3"));
}

TEST_F(OutboxTest, for_a_reader_that_keeps_up_nothing_is_superseded) {
  const DeliveryTerms terms{.delivery_class = DeliveryClass::latest, .key = 1};
  for (const char* packet : {"4a1", "4a2", "4a3"})
    outbox_.push(pool_.share(make_frame(packet), terms));
  EXPECT_TRUE(push_latest("4a4", 1)) << "now it is behind: the newest of them goes";
  EXPECT_THAT(packets(), ElementsAre("4a1", "4a2", "4a4"));
}

TEST_F(OutboxTest, what_is_partly_written_is_not_superseded) {
  push_latest("4a1", 1);
  outbox_.consume(1, {});
  EXPECT_FALSE(push_latest("4a2", 1));
  EXPECT_TRUE(push_latest("4a3", 1));
  EXPECT_EQ(gathered(),
            "\x03"
            "4a1\x81\x03"
            "4a3");
}

TEST_F(OutboxTest, one_that_waited_too_long_keeps_its_place_and_only_one) {
  push_latest("4a1", 1, 0ms);
  EXPECT_TRUE(push_latest("4a2", 1, 99ms));
  EXPECT_FALSE(push_latest("4a3", 1, 199ms)) << "the key has waited for 199 ms";
  EXPECT_TRUE(push_latest("4a4", 1, 500ms)) << "a stopped reader holds two of a key, not more";
  EXPECT_TRUE(push_latest("4a5", 1, 900ms));
  EXPECT_THAT(packets(), ElementsAre("4a2", "4a5"));
}

TEST_F(OutboxTest, a_key_that_never_rests_takes_no_room) {
  push("4first");
  for (int i = 0; i < 100'000; ++i) push_latest("4" + std::to_string(i), 1, milliseconds(i));
  EXPECT_EQ(outbox_.size(), 3u);
  EXPECT_THAT(packets(), ElementsAre("4first", "499", "499999"));
}

// Random pushes of many keys and partial writes, against the rules as they are written down.
TEST_F(OutboxTest, order_is_that_of_publication_and_the_newest_of_every_key_arrives) {
  for (const unsigned seed : {1u, 2u, 3u, 4u, 5u}) {
    std::mt19937 random(seed);
    std::map<std::uint64_t, int> newest;
    std::vector<int> must, seen;
    std::string wire;
    const auto write = [&](std::size_t bytes) {
      const std::string ready = gathered();
      const std::size_t sent = std::min(bytes, ready.size());
      wire += ready.substr(0, sent);
      outbox_.consume(sent, {});
    };
    for (int i = 100'000; i < 102'000; ++i) {
      const std::uint64_t key = random() % 200;  // 0: a must event
      const std::string packet = "4" + std::to_string(i) + "k" + std::to_string(key);
      if (key == 0) {
        push(packet);
        must.push_back(i);
      } else {
        push_latest(packet, key, milliseconds(i / 4));
        newest[key] = i;
      }
      if (random() % 8 == 0) write(random() % 60);
      ASSERT_LE(outbox_.size(), must.size() + 2 * newest.size());
    }
    while (!outbox_.empty()) write(1 + random() % 500);
    std::map<std::uint64_t, int> last;
    for (std::size_t at = 0; at < wire.size(); at += 2 + static_cast<unsigned char>(wire[at + 1])) {
      seen.push_back(std::stoi(wire.substr(at + 3, 6)));
      last[std::stoull(wire.substr(at + 10))] = seen.back();
    }
    EXPECT_TRUE(std::ranges::is_sorted(seen));
    EXPECT_TRUE(std::ranges::includes(seen, must));
    last.erase(0);
    EXPECT_EQ(last, newest);
  }
}

}  // namespace
}  // namespace outcry::transport
