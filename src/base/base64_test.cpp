#include "base/base64.h"

#include <cctype>
#include <string>

#include <gtest/gtest.h>

#include "base/random.h"

namespace outcry {
namespace {

TEST(Base64, encodes_the_vectors_of_rfc_4648_section_10) {
  EXPECT_EQ(base64_encode(as_bytes("")), "");
  EXPECT_EQ(base64_encode(as_bytes("f")), "Zg==");
  EXPECT_EQ(base64_encode(as_bytes("fo")), "Zm8=");
  EXPECT_EQ(base64_encode(as_bytes("foobar")), "Zm9vYmFy");
  EXPECT_EQ(base64url_encode(as_bytes("\xfb\xff")), "-_8");
}

TEST(Base64, decodes_what_it_encoded) {
  std::string text;
  for (int i = 0; i < 300; ++i) {
    EXPECT_EQ(base64_decode(base64_encode(as_bytes(text))), text);
    EXPECT_EQ(base64url_decode(base64url_encode(as_bytes(text))), text);
    text.push_back(static_cast<char>(i * 7));
  }
}

TEST(Base64, refuses_every_second_spelling) {
  EXPECT_FALSE(base64_decode("Zg="));
  EXPECT_FALSE(base64_decode("Zg"));
  EXPECT_FALSE(base64_decode("Zh=="));  // unused bits are not zero
  EXPECT_FALSE(base64_decode("Z==="));
  EXPECT_FALSE(base64_decode("Zm9v Yg=="));
  EXPECT_FALSE(base64_decode("-_8="));
  EXPECT_FALSE(base64url_decode("Zg=="));
  EXPECT_FALSE(base64url_decode("Zh"));
  EXPECT_FALSE(base64url_decode("+/8"));
}

TEST(Base64, refuses_a_foreign_character_at_each_place) {
  for (const std::size_t size : {2u, 3u, 4u, 6u, 7u, 8u}) {
    for (std::size_t at = 0; at < size; ++at) {
      for (int c = 0; c < 256; ++c) {
        std::string text(size, 'A');
        text[at] = static_cast<char>(c);
        const auto decoded = base64url_decode(text);
        // What was taken is the one spelling of its bytes, so it comes back.
        EXPECT_EQ(decoded ? base64url_encode(as_bytes(*decoded)) : text, text);
        const bool foreign = std::isalnum(c) == 0 && c != '-' && c != '_';
        EXPECT_FALSE(foreign && decoded) << size << ' ' << at << ' ' << c;
      }
    }
  }
}

TEST(RandomId, has_the_promised_length_and_does_not_repeat) {
  EXPECT_EQ(random_id(15).size(), 20u);
  EXPECT_EQ(random_id(18).size(), 24u);
  EXPECT_NE(random_id(18), random_id(18));
}

}  // namespace
}  // namespace outcry
