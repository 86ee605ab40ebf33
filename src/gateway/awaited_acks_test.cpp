#include "gateway/awaited_acks.h"

#include <gtest/gtest.h>

namespace outcry::gateway {
namespace {

constexpr TimePoint kNow{std::chrono::hours(1)};
constexpr SessionId kAlice{1, 1}, kBob{2, 1};

AckWish wish(std::uint64_t id) {
  return {.ack_id = id, .callback = {}, .channel = "answers"};
}

TEST(AwaitedAcks, the_first_answer_of_a_recipient_is_the_publishers) {
  AwaitedAcks acks;
  acks.add(wish(2), std::array{kAlice}, kNow);
  EXPECT_EQ(acks.take(kBob, 2, "1"), nullptr) << "was not sent it";
  EXPECT_EQ(acks.take(kAlice, 4, "1"), nullptr) << "nobody waits for that";
  const auto answer = acks.take(kAlice, 2, R"("yes")");
  ASSERT_NE(answer, nullptr);
  EXPECT_EQ(answer->arguments, R"("yes")");
  EXPECT_EQ(answer->channel, "answers");
  EXPECT_EQ(acks.take(kAlice, 2, "again"), nullptr);
}

TEST(AwaitedAcks, an_event_that_reaches_nobody_is_not_waited_for) {
  AwaitedAcks acks;
  acks.add(wish(2), {}, kNow);
  EXPECT_EQ(acks.size(), 0u);
}

TEST(AwaitedAcks, time_runs_out_for_the_oldest_first) {
  AwaitedAcks acks;
  acks.add(wish(2), std::array{kAlice}, kNow);
  acks.add(wish(4), std::array{kAlice}, kNow + std::chrono::seconds(1));
  acks.forget_expired(kNow + kAckLifetime);
  EXPECT_EQ(acks.take(kAlice, 2, ""), nullptr);
  EXPECT_NE(acks.take(kAlice, 4, ""), nullptr);
}

TEST(AwaitedAcks, events_and_recipients_are_bounded_and_make_room_again) {
  AwaitedAcks acks;
  for (std::uint64_t id = 0; id < kAwaitedAcksMax + 5; ++id) {
    acks.add(wish(id), std::array{kAlice}, kNow);
  }
  EXPECT_EQ(acks.size(), kAwaitedAcksMax);
  acks.forget_expired(kNow + kAckLifetime);
  const std::vector<SessionId> crowd(kAwaitedRecipientsMax, kBob);
  acks.add(wish(1), crowd, kNow);
  acks.add(wish(2), std::array{kAlice}, kNow);
  EXPECT_EQ(acks.size(), 1u);
  EXPECT_NE(acks.take(kBob, 1, ""), nullptr);
  acks.add(wish(2), std::array{kAlice}, kNow);
  EXPECT_NE(acks.take(kAlice, 2, ""), nullptr);
}

}  // namespace
}  // namespace outcry::gateway
