#include "limits/count_table.h"

#include <map>
#include <random>

#include <gtest/gtest.h>

namespace outcry::limits {
namespace {

TEST(CountTableTest, counts_up_and_down_and_forgets_at_zero) {
  CountTable table;
  const Key key = KeyHash::random()("alice");
  EXPECT_EQ(table.count(key), 0u);
  EXPECT_EQ(table.add(key), 1u);
  EXPECT_EQ(table.add(key), 2u);
  EXPECT_EQ(table.count(key), 2u);
  EXPECT_EQ(table.size(), 1u);
  EXPECT_EQ(table.remove(key), 1u);
  EXPECT_EQ(table.remove(key), 0u);
  EXPECT_EQ(table.size(), 0u);
  EXPECT_EQ(table.remove(key), 0u) << "who isn't there can't leave";
}

TEST(CountTableTest, is_a_map_over_random_histories) {
  std::mt19937_64 random(7);
  const KeyHash hash = KeyHash::random();
  CountTable table;
  std::map<Key, std::uint32_t> model;
  for (int step = 0; step < 200'000; ++step) {
    // Rises to a few thousand keys, and falls again.
    const bool rising = step / 20'000 % 2 == 0;
    const Key key = hash(std::to_string(random() % 5'000));
    if (random() % 10 < (rising ? 7 : 3)) {
      EXPECT_EQ(table.add(key), ++model[key]);
    } else {
      const auto found = model.find(key);
      EXPECT_EQ(table.remove(key), found == model.end() ? 0 : found->second - 1);
      if (found != model.end() && --found->second == 0) model.erase(found);
    }
    ASSERT_EQ(table.size(), model.size());
  }
  for (const auto& [key, count] : model) ASSERT_EQ(table.count(key), count);
}

// All in one run of places that goes round the end of the table.
TEST(CountTableTest, keys_with_one_home_and_neighbours_are_told_apart) {
  CountTable table;
  const auto key_at = [](std::uint64_t home, std::uint64_t turn) {
    return (home + turn * 64) << 24 | 1;
  };
  for (std::uint64_t turn = 0; turn < 6; ++turn) {
    for (const std::uint64_t home : {62, 63, 0, 1}) table.add(key_at(home, turn));
  }
  for (std::uint64_t turn = 0; turn < 6; turn += 2) {
    for (const std::uint64_t home : {63, 1, 0, 62}) EXPECT_EQ(table.remove(key_at(home, turn)), 0u);
  }
  for (std::uint64_t turn = 0; turn < 6; ++turn) {
    for (const std::uint64_t home : {62, 63, 0, 1}) {
      EXPECT_EQ(table.count(key_at(home, turn)), turn % 2) << home << ' ' << turn;
    }
  }
}

TEST(CountTableTest, a_count_stays_at_its_greatest) {
  CountTable table;
  const Key key = KeyHash::random()("everyone");
  for (std::uint32_t i = 0; i < CountTable::kCountMax; ++i) table.add(key);
  EXPECT_EQ(table.add(key), CountTable::kCountMax);
  EXPECT_EQ(table.remove(key), CountTable::kCountMax);
}

TEST(CountTableTest, a_key_costs_less_than_19_bytes) {
  const KeyHash hash = KeyHash::random();
  CountTable table;
  for (int i = 0; i < 100'000; ++i) {
    table.add(hash(std::to_string(i)));
    ASSERT_TRUE(i < 1'000 || table.memory_bytes() < 19 * table.size()) << i;
  }
  EXPECT_NEAR(static_cast<double>(table.size()), 100'000, 2);
}

}  // namespace
}  // namespace outcry::limits
