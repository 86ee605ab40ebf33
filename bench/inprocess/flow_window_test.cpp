#include "inprocess/flow_window.h"

#include <gtest/gtest.h>

namespace outcry::bench {
namespace {

TEST(FlowWindow, of_one_burst_the_next_waits_for_the_answer) {
  FlowWindow window(16);
  ASSERT_TRUE(window.is_open());
  EXPECT_FALSE(window.should_ask());
  window.published(16);
  EXPECT_FALSE(window.is_open());
  EXPECT_TRUE(window.should_ask());
  window.asked();
  EXPECT_FALSE(window.should_ask());
  EXPECT_FALSE(window.is_open());
  window.answered();
  EXPECT_TRUE(window.is_open());
}

TEST(FlowWindow, the_second_half_is_published_while_the_first_is_asked_about) {
  FlowWindow window(4);
  window.published(1);
  EXPECT_FALSE(window.should_ask());
  window.published(1);
  ASSERT_TRUE(window.should_ask());
  window.asked();
  window.published(2);
  EXPECT_FALSE(window.is_open());
  window.answered();  // the first two
  EXPECT_TRUE(window.is_open());
  EXPECT_TRUE(window.should_ask());
  window.published(2);
  EXPECT_FALSE(window.is_open());
}

TEST(FlowWindow, the_smallest_holds_one_event) {
  FlowWindow window(1);
  window.published(1);
  EXPECT_TRUE(window.should_ask());
  EXPECT_FALSE(window.is_open());
}

}  // namespace
}  // namespace outcry::bench
