#include "base/circuit_breaker.h"

#include <gtest/gtest.h>

namespace outcry {
namespace {

using State = CircuitBreaker::State;

class ThreeFailures : public testing::Test {
 protected:
  [[nodiscard]] CircuitBreaker::Pass pass() {
    const auto admitted = breaker.admit(now);
    EXPECT_TRUE(admitted);
    return admitted.value_or(CircuitBreaker::Pass{});
  }
  void open() {
    for (int i = 0; i < 3; ++i) breaker.failed(pass(), now);
    ASSERT_EQ(breaker.state(), State::open);
  }

  CircuitBreaker breaker{{.failures_max = 3, .pause = milliseconds(100)}};
  TimePoint now{};
};

TEST_F(ThreeFailures, in_a_row_open_it_and_two_do_not) {
  breaker.failed(pass(), now);
  breaker.failed(pass(), now);
  breaker.succeeded(pass());
  breaker.failed(pass(), now);
  breaker.failed(pass(), now);
  EXPECT_EQ(breaker.state(), State::closed);
  breaker.failed(pass(), now);
  EXPECT_EQ(breaker.state(), State::open);
  EXPECT_EQ(breaker.opened(), 1);
}

TEST_F(ThreeFailures, open_it_refuses_until_the_pause_is_over) {
  open();
  now += milliseconds(99);
  EXPECT_TRUE(breaker.refuses(now));
  EXPECT_FALSE(breaker.admit(now));
  now += milliseconds(1);
  EXPECT_FALSE(breaker.refuses(now));
  EXPECT_TRUE(breaker.admit(now));
}

TEST_F(ThreeFailures, half_open_it_admits_one_question) {
  open();
  now += milliseconds(100);
  const auto trial = pass();
  EXPECT_EQ(breaker.state(), State::half_open);
  EXPECT_FALSE(breaker.admit(now));
  breaker.succeeded(trial);
  EXPECT_EQ(breaker.state(), State::closed);
  EXPECT_TRUE(breaker.admit(now));
}

TEST_F(ThreeFailures, a_failed_trial_opens_it_for_another_pause) {
  open();
  now += milliseconds(100);
  breaker.failed(pass(), now);
  EXPECT_EQ(breaker.state(), State::open);
  EXPECT_FALSE(breaker.admit(now + milliseconds(99)));
  EXPECT_TRUE(breaker.admit(now + milliseconds(100)));
  EXPECT_EQ(breaker.opened(), 1) << "it was not closed in between";
}

TEST_F(ThreeFailures, a_lost_trial_is_followed_by_another) {
  open();
  now += milliseconds(100);
  (void)pass();
  EXPECT_FALSE(breaker.admit(now + milliseconds(99)));
  EXPECT_TRUE(breaker.admit(now + milliseconds(100)));
}

TEST_F(ThreeFailures, an_answer_to_an_older_question_changes_nothing) {
  const auto early = pass();
  open();
  breaker.succeeded(early);
  EXPECT_EQ(breaker.state(), State::open);
  now += milliseconds(100);
  const auto trial = pass();
  breaker.succeeded(early);
  breaker.failed(early, now);
  EXPECT_EQ(breaker.state(), State::half_open);
  breaker.succeeded(trial);
  EXPECT_EQ(breaker.state(), State::closed);
  breaker.failed(early, now);
  breaker.failed(pass(), now);
  breaker.failed(pass(), now);
  EXPECT_EQ(breaker.state(), State::closed);
}

TEST(CircuitBreaker, without_a_limit_it_never_opens) {
  CircuitBreaker breaker({.failures_max = 0});
  for (int i = 0; i < 1000; ++i) breaker.failed(*breaker.admit(TimePoint()), TimePoint());
  EXPECT_EQ(breaker.state(), State::closed);
}

}  // namespace
}  // namespace outcry
