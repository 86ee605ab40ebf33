#include "base/text_hash.h"

#include <string>

#include <boost/unordered/unordered_flat_set.hpp>
#include <gtest/gtest.h>

#include "base/by_text.h"

namespace outcry {
namespace {

SipKey counting_key() {
  SipKey::Secret out;
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = static_cast<std::byte>(i);
  return SipKey::of(out);
}

/// 0, 1, 2, …
std::string counting_text(std::size_t length) {
  std::string out;
  for (std::size_t i = 0; i < length; ++i) out += static_cast<char>(i);
  return out;
}

// The key and the messages of the paper's reference implementation (vectors_sip64).
TEST(TextHashTest, is_siphash_2_4) {
  const auto hash = [](std::size_t length) {
    return sip_hash(counting_key(), as_bytes(counting_text(length)));
  };
  EXPECT_EQ(hash(0), 0x726fdb47dd0e0e31u);
  EXPECT_EQ(hash(1), 0x74f839c593dc67fdu);
  EXPECT_EQ(hash(7), 0xab0200f58b01d137u);
  EXPECT_EQ(hash(8), 0x93f5f5799a932462u);
  EXPECT_EQ(hash(15), 0xa129ca6149be45e5u);
}

TEST(TextHashTest, a_text_has_one_hash_in_a_process_and_another_under_another_key) {
  EXPECT_EQ(hash_text("room"), hash_text(std::string("room")));
  EXPECT_NE(sip_hash(SipKey::random(), as_bytes("room")),
            sip_hash(SipKey::random(), as_bytes("room")));
}

TEST(TextHashTest, a_digest_is_of_two_keys) {
  const TextDigest digest = digest_text("room");
  EXPECT_EQ(digest, digest_text(std::string("room")));
  EXPECT_NE(digest, digest_text("rooms"));
  EXPECT_NE(digest.first, digest.second);
  EXPECT_NE(digest.first, hash_text("room"));
}

TEST(TextHashTest, tables_by_text_use_it) {
  EXPECT_EQ(HashByText<>{}("room"), hash_text("room"));
  boost::unordered_flat_set<std::string, HashByText<>, SameText<>> names{"a", "b"};
  EXPECT_TRUE(names.contains(std::string_view("b")));
  EXPECT_FALSE(names.contains(std::string_view("c")));
}

}  // namespace
}  // namespace outcry
