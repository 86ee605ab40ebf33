#include "base/utf8.h"

#include <cstdint>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace outcry {
namespace {

std::string text_of(std::initializer_list<int> bytes) {
  std::string text;
  for (const int byte : bytes) text.push_back(static_cast<char>(byte));
  return text;
}

bool valid_in_pieces(std::string_view text, std::size_t piece_bytes) {
  Utf8Stream stream;
  for (std::size_t at = 0; at < text.size(); at += piece_bytes) {
    if (!stream.feed(text.substr(at, piece_bytes))) return false;
  }
  return stream.complete();
}

TEST(Utf8, valid_text_is_valid_in_pieces_of_every_size) {
  std::string text = "Kurs: 1 \u00e9 \u20ac \U0001f4c8 \U0010ffff \ud7ff \ue000 ";
  while (text.size() < 200) text += text;
  EXPECT_TRUE(utf8_valid(text));
  for (std::size_t size = 1; size <= text.size(); ++size) {
    EXPECT_TRUE(valid_in_pieces(text, size)) << size;
  }
}

TEST(Utf8, the_edges_of_rfc_3629_are_refused_at_the_first_wrong_byte) {
  struct Case {
    std::string good;  // may still become valid
    int bad;           // can't any more
  };
  const std::vector<Case> cases = {
      {"", 0x80},
      {"", 0xC0},
      {"", 0xC1},
      {"", 0xF5},
      {"", 0xFF},
      {text_of({0xC2}), 0x41},
      {text_of({0xC2}), 0xC2},
      {text_of({0xE0}), 0x9F},
      {text_of({0xED}), 0xA0},
      {text_of({0xF0}), 0x8F},
      {text_of({0xF4}), 0x90},
      {text_of({0xE2, 0x82}), 0x28},
      {text_of({0xF0, 0x9F, 0x93}), 0xC0},
  };
  for (const Case& c : cases) {
    Utf8Stream stream;
    ASSERT_TRUE(stream.feed(c.good)) << c.bad;
    EXPECT_EQ(stream.complete(), c.good.empty());
    EXPECT_FALSE(stream.feed(text_of({c.bad}))) << c.bad;
    // The same where the vector code sees it.
    const std::string padding(100, 'x');
    EXPECT_FALSE(Utf8Stream{}.feed(padding + c.good + text_of({c.bad}) + padding)) << c.bad;
    EXPECT_FALSE(utf8_valid(c.good + text_of({c.bad})));
  }
}

TEST(Utf8, every_two_byte_text_agrees_with_the_whole_check) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string text = text_of({first, second});
      ASSERT_EQ(valid_in_pieces(text, 1), utf8_valid(text)) << first << ' ' << second;
    }
  }
}

TEST(Utf8, a_half_character_at_the_end_of_a_long_piece_is_carried_over) {
  const std::string character = "\U0001f4c8";
  for (std::size_t cut = 1; cut < character.size(); ++cut) {
    Utf8Stream stream;
    EXPECT_TRUE(stream.feed(std::string(64, 'a') + character.substr(0, cut)));
    EXPECT_FALSE(stream.complete());
    EXPECT_TRUE(stream.feed(character.substr(cut)));
    EXPECT_TRUE(stream.complete());
  }
}

}  // namespace
}  // namespace outcry
