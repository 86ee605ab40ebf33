#include "gateway/recent_ids.h"

#include <gtest/gtest.h>

namespace outcry::gateway {
namespace {

TextDigest operator""_id(const char* text, std::size_t size) {
  return digest_text({text, size});
}

eventlog::Position at(std::uint64_t released) {
  return {.life = 1, .durable = 0, .released = released};
}

TEST(RecentIdsTest, the_first_number_of_an_id_stays) {
  RecentIds ids(2);
  EXPECT_FALSE(ids.find("a"_id));
  ids.remember("a"_id, at(1));
  ids.remember("a"_id, at(2));
  EXPECT_EQ(ids.find("a"_id), at(1));
}

TEST(RecentIdsTest, the_oldest_is_forgotten_at_the_limit_and_one) {
  RecentIds ids(2);
  ids.remember("a"_id, at(1));
  ids.remember("b"_id, at(2));
  EXPECT_TRUE(ids.find("a"_id));
  ids.remember("a"_id, at(9));  // takes no second place
  ids.remember("c"_id, at(3));
  EXPECT_FALSE(ids.find("a"_id));
  EXPECT_TRUE(ids.find("b"_id));
  ids.remember("a"_id, at(4));
  EXPECT_EQ(ids.find("a"_id), at(4));
  EXPECT_FALSE(ids.find("b"_id));
}

TEST(RecentIdsTest, ids_of_any_length_stay_as_others_come_and_go) {
  RecentIds ids(100);
  const auto id_of = [](std::uint64_t i) {
    return digest_text(std::string(i % 60, 'x') + std::to_string(i));
  };
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    ids.remember(id_of(i), at(i));
    EXPECT_EQ(ids.find(id_of(i < 99 ? 0 : i - 99)), at(i < 99 ? 0 : i - 99));
    if (i >= 100) {
      EXPECT_FALSE(ids.find(id_of(i - 100)));
    }
  }
}

TEST(RecentIdsTest, what_the_ring_has_overwritten_ends_a_chain) {
  RecentIds ids(3);  // four chains
  const auto id_of = [](std::uint64_t i) { return TextDigest{.first = 4 * i, .second = i}; };
  for (std::uint64_t i = 1; i < 50; ++i) {
    ids.remember(id_of(i), at(i));
    for (std::uint64_t j = 1; j <= i; ++j) {
      EXPECT_EQ(ids.find(id_of(j)), j + 3 > i ? std::optional(at(j)) : std::nullopt) << j;
    }
  }
}

TEST(RecentIdsTest, a_limit_of_zero_remembers_nothing) {
  RecentIds ids(0);
  ids.remember("a"_id, at(1));
  EXPECT_FALSE(ids.find("a"_id));
}

TEST(RecentIdsTest, a_repeat_of_one_that_is_under_way_is_answered_with_it) {
  RecentIds ids(2);
  std::vector<std::uint64_t> answers;
  const auto note = [&answers](Result<eventlog::Position> position) {
    answers.push_back(position ? position->released : 0);
  };
  RecentIds::Done done = note;
  EXPECT_FALSE(ids.wait("a"_id, done));
  ids.begin("a"_id, note);
  EXPECT_TRUE(ids.wait("a"_id, done));
  RecentIds::Done nobody;
  EXPECT_TRUE(ids.wait("a"_id, nobody));
  EXPECT_TRUE(answers.empty());
  ids.finish("a"_id, at(7));
  EXPECT_EQ(answers, (std::vector<std::uint64_t>{7, 7}));
  EXPECT_EQ(ids.find("a"_id), at(7));
}

TEST(RecentIdsTest, one_that_was_refused_may_be_tried_again) {
  RecentIds ids(2);
  ids.begin("a"_id, {});
  std::error_code error;
  RecentIds::Done done = [&error](Result<eventlog::Position> r) { error = r.error(); };
  EXPECT_TRUE(ids.wait("a"_id, done));
  ids.finish("a"_id, fail(std::make_error_code(std::errc::io_error)));
  EXPECT_EQ(error, std::errc::io_error);
  EXPECT_FALSE(ids.find("a"_id));
  EXPECT_FALSE(ids.wait("a"_id, done));
}

}  // namespace
}  // namespace outcry::gateway
