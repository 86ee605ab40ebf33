#include "limits/key_hash.h"

#include <set>
#include <string>

#include <gtest/gtest.h>

namespace outcry::limits {
namespace {

KeyHash::Secret counting_secret() {
  KeyHash::Secret out;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::byte>(i);
  return out;
}

/// 0, 1, 2, …
std::string counting_text(std::size_t length) {
  std::string out;
  for (std::size_t i = 0; i < length; ++i) out += static_cast<char>(i);
  return out;
}

// The key and the messages of the paper's reference implementation (vectors_sip64).
TEST(KeyHashTest, is_siphash_2_4) {
  const KeyHash hash(counting_secret());
  EXPECT_EQ(hash(counting_text(0)), 0x726fdb47dd0e0e31u);
  EXPECT_EQ(hash(counting_text(1)), 0x74f839c593dc67fdu);
  EXPECT_EQ(hash(counting_text(7)), 0xab0200f58b01d137u);
  EXPECT_EQ(hash(counting_text(8)), 0x93f5f5799a932462u);
  EXPECT_EQ(hash(counting_text(15)), 0xa129ca6149be45e5u);
}

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
