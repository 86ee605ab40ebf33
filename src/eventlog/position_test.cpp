#include "eventlog/position.h"

#include <gtest/gtest.h>

namespace outcry::eventlog {
namespace {

constexpr std::uint64_t kCountMax = (std::uint64_t{1} << 48) - 1;

TEST(Position, a_text_comes_back_as_the_position_that_wrote_it) {
  for (const std::uint64_t count :
       {std::uint64_t{0}, std::uint64_t{63}, std::uint64_t{64}, kCountMax}) {
    const Position position{.life = 0x123456789, .durable = count, .released = kCountMax - count};
    const std::string text = to_string(position);
    EXPECT_EQ(text.size(), kPositionLength);
    EXPECT_EQ(parse_position(text), position);
  }
}

TEST(Position, texts_of_one_life_sort_as_their_counts_where_no_digit_is_special) {
  EXPECT_EQ(to_string({.life = 1, .durable = 0, .released = 1}), "AAAAABAAAAAAAAAAAAAAAB");
  EXPECT_EQ(to_string({.life = 1, .durable = 1, .released = 64}), "AAAAABAAAAAAABAAAAAABA");
}

TEST(Position, anything_else_is_no_position) {
  const std::string good = to_string({.life = 7, .durable = 8, .released = 9});
  EXPECT_TRUE(parse_position(good));
  EXPECT_FALSE(parse_position({}));
  EXPECT_FALSE(parse_position(good.substr(1)));
  EXPECT_FALSE(parse_position(good + "A"));
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const char bad : {'+', '/', '=', ' ', '\0', '\x80', '"'}) {
      std::string text = good;
      text[i] = bad;
      EXPECT_FALSE(parse_position(text)) << i << ' ' << bad;
    }
  }
  EXPECT_FALSE(parse_position(std::string(kPositionLength, 'A'))) << "no life is 0";
}

TEST(Position, lives_differ_and_fit) {
  const Life a = make_life();
  const Life b = make_life();
  EXPECT_NE(a, b);
  EXPECT_NE(a, 0U);
  EXPECT_EQ(a >> 36, 0U);
}

}  // namespace
}  // namespace outcry::eventlog
