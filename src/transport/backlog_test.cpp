#include "transport/backlog.h"

#include <gtest/gtest.h>

namespace outcry::transport {
namespace {

TEST(Backlog, only_who_holds_more_than_its_share_of_an_exceeded_budget_is_too_slow) {
  Backlog backlog;
  backlog.change(0, 700);
  backlog.change(0, 200);
  EXPECT_FALSE(backlog.over_share(700, 1000)) << "the budget isn't exceeded";
  backlog.change(0, 200);
  EXPECT_EQ(backlog.bytes(), 1100u);
  EXPECT_EQ(backlog.sessions(), 3u);
  EXPECT_TRUE(backlog.over_share(700, 1000));
  EXPECT_FALSE(backlog.over_share(200, 1000));
  EXPECT_FALSE(backlog.over_share(333, 1000)) << "just its share";
  backlog.change(700, 0);
  EXPECT_EQ(backlog.sessions(), 2u);
  EXPECT_EQ(backlog.bytes(), 400u);
  EXPECT_FALSE(backlog.over_share(400, 1000));
}

}  // namespace
}  // namespace outcry::transport
