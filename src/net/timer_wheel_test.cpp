#include "net/timer_wheel.h"

#include <functional>

#include <gtest/gtest.h>

namespace outcry::net {
namespace {

struct Recorder : Timer {
  void on_timer(TimePoint now) noexcept override {
    fired_at.push_back(now);
    if (then) then();
  }
  std::vector<TimePoint> fired_at;
  std::function<void()> then;
};

TEST(TimerWheel, fires_once_after_the_deadline_and_never_before) {
  const TimePoint start{seconds(100)};
  TimerWheel wheel(start);
  Recorder recorder;
  wheel.arm(recorder, start + milliseconds(300));
  for (int ms = 0; ms < 300; ++ms) wheel.advance(start + milliseconds(ms));
  EXPECT_TRUE(recorder.fired_at.empty());
  for (int ms = 300; ms < 1000; ++ms) wheel.advance(start + milliseconds(ms));
  ASSERT_EQ(recorder.fired_at.size(), 1u);
  EXPECT_LE(recorder.fired_at[0], start + milliseconds(300) + 2 * TimerWheel::kSlot);
}

TEST(TimerWheel, keeps_a_deadline_beyond_one_circle) {
  const TimePoint start{};
  TimerWheel wheel(start);
  Recorder recorder;
  wheel.arm(recorder, start + seconds(100));
  for (int s = 1; s < 100; ++s) wheel.advance(start + seconds(s));
  EXPECT_TRUE(recorder.fired_at.empty());
  wheel.advance(start + seconds(101));
  EXPECT_EQ(recorder.fired_at.size(), 1u);
}

TEST(TimerWheel, a_handler_may_arm_again_and_cancel_a_neighbour_that_is_due_too) {
  const TimePoint start{};
  TimerWheel wheel(start);
  Recorder first, second;
  const TimePoint deadline = start + milliseconds(50);
  wheel.arm(second, deadline);
  wheel.arm(first, deadline);  // fires before `second`: newest first within a slot
  first.then = [&] {
    second.cancel();
    if (first.fired_at.size() == 1) wheel.arm(first, deadline);
  };
  wheel.advance(start + milliseconds(80));
  wheel.advance(start + milliseconds(160));
  EXPECT_EQ(first.fired_at.size(), 2u);
  EXPECT_TRUE(second.fired_at.empty());
}

TEST(TimerWheel, fires_everything_due_after_a_long_stop) {
  const TimePoint start{};
  TimerWheel wheel(start);
  std::vector<std::unique_ptr<Recorder>> recorders;
  for (int i = 0; i < 500; ++i) {
    recorders.push_back(std::make_unique<Recorder>());
    wheel.arm(*recorders.back(), start + milliseconds(97 * i));
  }
  wheel.advance(start + std::chrono::hours(5));
  for (const auto& recorder : recorders) EXPECT_EQ(recorder->fired_at.size(), 1u);
}

TEST(TimerWheel, a_destroyed_timer_is_forgotten_and_its_neighbour_is_not) {
  const TimePoint start{};
  TimerWheel wheel(start);
  Recorder neighbour;
  wheel.arm(neighbour, start + milliseconds(10));
  {
    Recorder destroyed;
    wheel.arm(destroyed, start + milliseconds(10));
  }
  wheel.advance(start + seconds(1));
  EXPECT_EQ(neighbour.fired_at.size(), 1u);
}

}  // namespace
}  // namespace outcry::net
