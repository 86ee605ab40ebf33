#include "limits/key_hash.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace outcry::limits {
namespace {

TEST(KeyHashTest, two_processes_have_two_keys) {
  EXPECT_NE(KeyHash::random()("alice"), KeyHash::random()("alice"));
}

TEST(KeyHashTest, neighbours_lie_apart) {
  const KeyHash hash = KeyHash::random();
  std::set<Key> low_bytes;
  for (int i = 0; i < 64; ++i) low_bytes.insert(hash("user" + std::to_string(i)) % 4096);
  EXPECT_GT(low_bytes.size(), 55u);
}

}  // namespace
}  // namespace outcry::limits
