#include "gateway/outstanding_acks.h"

#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "gateway/event_mark.h"

namespace outcry::gateway {
namespace {

const rooms::RoomRef kRoom = rooms::make_room(1, std::string_view("\0room", 5));
const rooms::RoomRef kOther = rooms::make_room(2, std::string_view("\0other", 6));

OutstandingAcks::Event event(std::uint64_t number, const rooms::RoomRef& room = kRoom) {
  return {.room = room,
          .number = number,
          .life = 7,
          .released = number + 100,
          .ack_id = ack_id_of_event(number)};
}

class OutstandingAcksTest : public testing::Test {
 protected:
  using Moves = std::vector<std::pair<rooms::RoomNumber, std::uint64_t>>;

  void sent(OutstandingAcks::Event event, std::size_t most = 4) {
    acks_.add(std::move(event), most);
  }
  static auto noting(Moves& out) {
    return [&out](const OutstandingAcks::Event& last) {
      EXPECT_EQ(last.released, last.number + 100);
      out.emplace_back(last.room->number(), last.number);
    };
  }
  /// Which rooms are acknowledged up to which number by it.
  Moves acknowledge(std::uint64_t number) {
    Moves out;
    const auto answered = [number](const OutstandingAcks::Event& event) {
      EXPECT_EQ(event.number, number);
    };
    known_ = acks_.acknowledge(ack_id_of_event(number), answered, noting(out));
    return out;
  }

  OutstandingAcks acks_;
  bool known_ = false;
};

TEST_F(OutstandingAcksTest, acknowledged_in_order_each_moves_its_room_on) {
  for (const std::uint64_t number : {3, 4, 5}) sent(event(number));
  for (const std::uint64_t number : {3, 4, 5}) {
    EXPECT_EQ(acknowledge(number), (Moves{{1, number}}));
  }
  EXPECT_EQ(acks_.size(), 0U);
}

TEST_F(OutstandingAcksTest, the_later_of_two_says_nothing_of_the_earlier) {
  for (const std::uint64_t number : {3, 4, 5, 6}) sent(event(number));
  EXPECT_EQ(acknowledge(5), Moves{});
  EXPECT_EQ(acknowledge(4), Moves{});
  EXPECT_EQ(acks_.size(), 4U);
  EXPECT_EQ(acknowledge(3), (Moves{{1, 5}}));
  EXPECT_EQ(acks_.size(), 1U);
}

TEST_F(OutstandingAcksTest, rooms_wait_for_none_but_their_own) {
  sent(event(3));
  sent(event(4, kOther));
  EXPECT_EQ(acknowledge(4), (Moves{{2, 4}}));
  sent(event(5));
  sent(event(5, kOther));
  EXPECT_EQ(acknowledge(5), (Moves{{2, 5}}));
  EXPECT_EQ(acknowledge(3), (Moves{{1, 5}}));
}

TEST_F(OutstandingAcksTest, one_that_is_sent_late_is_not_passed_by) {
  for (const std::uint64_t number : {3, 5, 4}) sent(event(number));
  EXPECT_EQ(acknowledge(3), (Moves{{1, 3}}));
  EXPECT_EQ(acknowledge(5), Moves{});
  EXPECT_EQ(acknowledge(4), (Moves{{1, 5}}));
}

TEST_F(OutstandingAcksTest, everything_of_a_room_up_to_a_place_is_acknowledged_at_once) {
  for (const std::uint64_t number : {3, 4, 6}) sent(event(number));
  sent(event(5, kOther));
  std::vector<std::uint64_t> answered;
  const auto note = [&answered](const OutstandingAcks::Event& one) {
    answered.push_back(one.number);
  };
  Moves moves;
  EXPECT_FALSE(acks_.acknowledge_until(1, {.life = 8, .released = 200}, note, noting(moves)))
      << "of another run";
  EXPECT_TRUE(acks_.acknowledge_until(1, {.life = 7, .released = 105}, note, noting(moves)));
  EXPECT_EQ(answered, (std::vector<std::uint64_t>{3, 4}));
  EXPECT_EQ(moves, (Moves{{1, 3}, {1, 4}}));
  EXPECT_FALSE(acks_.acknowledge_until(1, {.life = 7, .released = 105}, note, noting(moves)));
  EXPECT_EQ(acks_.size(), 2U);
}

TEST_F(OutstandingAcksTest, what_was_not_sent_or_is_acknowledged_twice_moves_nothing) {
  sent(event(3));
  sent(event(4));
  EXPECT_EQ(acknowledge(7), Moves{});
  EXPECT_FALSE(known_);
  EXPECT_EQ(acknowledge(4), Moves{});
  EXPECT_TRUE(known_);
  EXPECT_EQ(acknowledge(4), Moves{});
  EXPECT_FALSE(known_);
}

TEST_F(OutstandingAcksTest, beyond_the_limit_nothing_counts_any_more) {
  for (const std::uint64_t number : {1, 2, 3}) sent(event(number), 3);
  sent(event(4), 3);
  EXPECT_EQ(acks_.size(), 3U);
  for (const std::uint64_t number : {1, 2, 3}) EXPECT_EQ(acknowledge(number).size(), 1U);
  sent(event(5), 3);
  EXPECT_EQ(acknowledge(5), Moves{}) << "it would pass the fourth by";
}

TEST_F(OutstandingAcksTest, behind_what_was_not_sent_nothing_counts) {
  sent(event(1));
  acks_.stop();
  sent(event(3));
  EXPECT_EQ(acknowledge(1), (Moves{{1, 1}}));
  EXPECT_EQ(acknowledge(3), Moves{});
}

TEST(EventMarkTest, ids_of_events_and_of_callbacks_are_never_the_same) {
  EXPECT_EQ(ack_id_of_event(1), 3U);
  EXPECT_EQ(ack_id_of_event((std::uint64_t{1} << 40) + 5), 11U);
  EXPECT_LT(ack_id_of_event(~std::uint64_t{0}), std::uint64_t{1} << 31);
  for (const std::uint64_t n : {0, 1, 2, 1'000'000}) {
    EXPECT_TRUE(is_ack_of_event(ack_id_of_event(n)));
    EXPECT_FALSE(is_ack_of_event(ack_id_of_callback(n)));
  }
}

}  // namespace
}  // namespace outcry::gateway
