#include "net/mailbox.h"

#include <array>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace outcry::net {
namespace {

TEST(Mailbox, is_bounded_and_says_so) {
  EventLoop loop;
  Mailbox<int> mailbox(loop, 4);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(mailbox.post(int{i}));
  EXPECT_FALSE(mailbox.post(4));
  std::vector<int> got;
  EXPECT_TRUE(mailbox.drain(2, [&](int value) { got.push_back(value); }));
  EXPECT_TRUE(mailbox.post(5));
  EXPECT_FALSE(mailbox.drain(100, [&](int value) { got.push_back(value); }));
  EXPECT_EQ(got, (std::vector<int>{0, 1, 2, 3, 5}));
}

// Two producers and a sleeping loop: nothing is lost, and each producer's order is kept.
TEST(Mailbox, delivers_all_of_two_producers_in_the_order_of_each) {
  constexpr int kEach = 50'000;
  EventLoop loop;
  Mailbox<std::pair<int, int>> mailbox(loop, 1024);
  struct Reader : TickHandler {
    explicit Reader(EventLoop& l, Mailbox<std::pair<int, int>>& m) : own_loop(l), own_mailbox(m) {}
    bool on_tick_end(TimePoint) noexcept override {
      const bool more = own_mailbox.drain(256, [this](std::pair<int, int> message) {
        auto& expected = next[static_cast<std::size_t>(message.first)];
        in_order = in_order && message.second == expected;
        ++expected;
      });
      if (next[0] == kEach && next[1] == kEach) own_loop.stop();
      return more;
    }
    EventLoop& own_loop;
    Mailbox<std::pair<int, int>>& own_mailbox;
    std::array<int, 2> next{};
    bool in_order = true;
  } reader(loop, mailbox);

  const auto produce = [&](int producer) {
    for (int i = 0; i < kEach; ++i) {
      while (!mailbox.post({producer, i})) std::this_thread::yield();
      mailbox.wake();
    }
  };
  std::jthread first(produce, 0), second(produce, 1);
  loop.run(reader);
  EXPECT_TRUE(reader.in_order);
  EXPECT_EQ(reader.next[0], kEach);
  EXPECT_EQ(reader.next[1], kEach);
}

}  // namespace
}  // namespace outcry::net
