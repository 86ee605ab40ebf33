#include "gateway/event_pacer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outcry::gateway {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

class EventPacerTest : public testing::Test {
 protected:
  bool admit(std::uint64_t key, std::string text, std::chrono::milliseconds at) {
    bus::Publication publication{.event = std::move(text)};
    return pacer_.admit(key, publication, start_ + at);
  }
  std::vector<std::string> released(std::chrono::milliseconds at) {
    std::vector<std::string> out;
    pacer_.release(start_ + at, [&](bus::Publication&& p) { out.push_back(std::move(p.event)); });
    return out;
  }

  const TimePoint start_ = steady_now();
  EventPacer pacer_{250ms, 3};
};

TEST_F(EventPacerTest, the_first_goes_at_once_and_the_last_of_an_interval_at_its_end) {
  EXPECT_TRUE(admit(1, "a", 0ms));
  EXPECT_FALSE(admit(1, "b", 10ms));
  EXPECT_FALSE(admit(1, "c", 249ms));
  EXPECT_EQ(pacer_.next(), start_ + 250ms);
  EXPECT_THAT(released(249ms), IsEmpty());
  EXPECT_THAT(released(250ms), ElementsAre("c"));
  EXPECT_EQ(pacer_.replaced(), 1u);
  EXPECT_FALSE(admit(1, "d", 251ms)) << "a new interval began when c went out";
  EXPECT_THAT(released(500ms), ElementsAre("d"));
  EXPECT_THAT(released(750ms), IsEmpty());
  EXPECT_FALSE(pacer_.next()) << "a key at rest is forgotten";
  EXPECT_TRUE(admit(1, "e", 751ms));
}

TEST_F(EventPacerTest, keys_do_not_wait_for_each_other) {
  EXPECT_TRUE(admit(1, "a1", 0ms));
  EXPECT_TRUE(admit(2, "b1", 100ms));
  EXPECT_FALSE(admit(2, "b2", 110ms));
  EXPECT_FALSE(admit(1, "a2", 120ms));
  EXPECT_THAT(released(250ms), ElementsAre("a2"));
  EXPECT_THAT(released(350ms), ElementsAre("b2"));
}

TEST_F(EventPacerTest, keys_beyond_the_limit_are_not_held) {
  for (std::uint64_t key = 1; key <= 3; ++key) EXPECT_TRUE(admit(key, "a", 0ms));
  EXPECT_TRUE(admit(4, "a", 0ms));
  EXPECT_TRUE(admit(4, "b", 1ms));
  EXPECT_FALSE(admit(3, "b", 1ms));
}

TEST_F(EventPacerTest, at_the_end_everything_held_goes_out_in_the_order_of_intervals) {
  EXPECT_TRUE(admit(2, "b1", 0ms));
  EXPECT_TRUE(admit(1, "a1", 1ms));
  EXPECT_TRUE(admit(3, "c1", 2ms));
  EXPECT_FALSE(admit(1, "a2", 3ms));
  EXPECT_FALSE(admit(2, "b2", 4ms));
  std::vector<std::string> out;
  pacer_.release_all([&](bus::Publication&& p) { out.push_back(std::move(p.event)); });
  EXPECT_THAT(out, ElementsAre("b2", "a2"));
  EXPECT_FALSE(pacer_.next());
  EXPECT_TRUE(admit(1, "a3", 5ms)) << "nothing is left of it";
}

TEST(EventPacer, an_interval_of_zero_holds_nothing) {
  EventPacer pacer(0ms, 10);
  bus::Publication publication{.event = "a"};
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(pacer.admit(1, publication, steady_now()));
  EXPECT_FALSE(pacer.next());
}

}  // namespace
}  // namespace outcry::gateway
