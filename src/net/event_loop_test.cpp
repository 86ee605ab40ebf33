#include "net/event_loop.h"

#include <atomic>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <thread>

#include <gtest/gtest.h>

namespace outcry::net {
namespace {

/// Counts ticks and stops the loop when told to.
struct Ticks : TickHandler {
  explicit Ticks(EventLoop& l) : own_loop(l) {}
  bool on_tick_end(TimePoint) noexcept override {
    ++count;
    if (count >= stop_at) own_loop.stop();
    return false;
  }
  EventLoop& own_loop;
  int count = 0;
  int stop_at = 1;
};

/// One end of a pair; at the first event it takes the other handler's descriptor away.
struct End : IoHandler {
  void on_io(std::uint32_t events) noexcept override {
    seen |= events;
    ++calls;
    if (victim != nullptr && victim->watched) {
      loop->remove(victim->fd.get());
      victim->watched = false;
    }
  }
  UniqueFd fd;
  EventLoop* loop = nullptr;
  End* victim = nullptr;
  bool watched = true;
  std::uint32_t seen = 0;
  int calls = 0;
};

class EventLoopTest : public testing::Test {
 protected:
  EventLoopTest() {
    int pair[2] = {-1, -1};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair), 0);
    left_.fd = UniqueFd(pair[0]);
    right_.fd = UniqueFd(pair[1]);
    left_.loop = right_.loop = &loop_;
  }
  void tick() { loop_.run(ticks_); }

  EventLoop loop_;
  Ticks ticks_{loop_};
  End left_, right_;
};

TEST_F(EventLoopTest, tells_what_was_asked_for_until_it_is_read) {
  loop_.add(left_.fd.get(), left_, EPOLLIN);
  ASSERT_EQ(::write(right_.fd.get(), "x", 1), 1);
  tick();
  tick();
  EXPECT_EQ(left_.calls, 2) << "level-triggered";
  EXPECT_EQ(left_.seen, std::uint32_t{EPOLLIN});
  loop_.modify(left_.fd.get(), left_, EPOLLOUT);
  left_.seen = 0;
  tick();
  EXPECT_EQ(left_.seen, std::uint32_t{EPOLLOUT});
  loop_.remove(left_.fd.get());
  tick();
  EXPECT_EQ(left_.calls, 3);
}

TEST_F(EventLoopTest, an_event_on_its_way_still_finds_a_handler_that_was_removed) {
  // Both are ready in one tick, and each takes the other away: the second event was fetched before.
  left_.victim = &right_;
  right_.victim = &left_;
  loop_.add(left_.fd.get(), left_, EPOLLOUT);
  loop_.add(right_.fd.get(), right_, EPOLLOUT);
  tick();
  EXPECT_EQ(left_.calls + right_.calls, 2);
  tick();
  EXPECT_EQ(left_.calls + right_.calls, 2) << "neither is watched any more";
}

TEST_F(EventLoopTest, refuses_what_the_kernel_refuses) {
  EXPECT_FALSE(loop_.try_add(-1, left_, EPOLLIN));
  EXPECT_THROW(loop_.add(-1, left_, EPOLLIN), std::system_error);
}

TEST_F(EventLoopTest, a_wake_up_from_another_thread_ends_the_wait) {
  struct UntilWoken : TickHandler {
    explicit UntilWoken(EventLoop& l) : own_loop(l) {}
    bool on_tick_end(TimePoint) noexcept override {
      if (woken) own_loop.stop();
      return false;
    }
    EventLoop& own_loop;
    std::atomic<bool> woken = false;
  } handler(loop_);
  std::jthread other([&] {
    handler.woken = true;
    loop_.wake();
  });
  loop_.run(handler);
  EXPECT_TRUE(loop_.in_thread());
}

}  // namespace
}  // namespace outcry::net
