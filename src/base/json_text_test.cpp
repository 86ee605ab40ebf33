#include "base/json_text.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace outcry::json {
namespace {

using namespace std::string_view_literals;

std::error_code error_of(std::string_view text, unsigned depth_max = kDepthMax) {
  const auto result = validate(text, depth_max);
  return result ? std::error_code() : result.error();
}

TEST(JsonText, accepts_what_rfc_8259_accepts) {
  for (const auto text :
       {"null"sv, "true"sv, "false"sv, "0"sv, "-0"sv, "-0.0e-0"sv, "1E+9"sv, "12.5"sv, "\"\""sv,
        "[]"sv, "{}"sv, " \r\n\t[ 1 , 2 ] "sv, "{ \"a\" : { } , \"a\" : [ ] }"sv,
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\uD83D\\ude00\""sv,
        "\"\x7f\xc2\x80\xed\x9f\xbf\xf4\x8f\xbf\xbf\""sv}) {
    EXPECT_EQ(error_of(text), std::error_code()) << text;
  }
}

TEST(JsonText, names_the_rule_that_was_broken) {
  const std::vector<std::pair<std::string_view, JsonError>> cases{
      {"", JsonError::unexpected_end},
      {"[", JsonError::unexpected_end},
      {"[1", JsonError::unexpected_end},
      {"{\"a\"", JsonError::unexpected_end},
      {"\"abc", JsonError::unexpected_end},
      {"\"abc\\", JsonError::unexpected_end},
      {"-", JsonError::unexpected_end},
      {"1.", JsonError::unexpected_end},
      {"1e+", JsonError::unexpected_end},
      {"tru", JsonError::unexpected_character},
      {"[1,]", JsonError::unexpected_character},
      {"[,1]", JsonError::unexpected_character},
      {"{,}", JsonError::unexpected_character},
      {"{\"a\":1,}", JsonError::unexpected_character},
      {"{a:1}", JsonError::unexpected_character},
      {"{1:1}", JsonError::unexpected_character},
      {"{\"a\" 1}", JsonError::unexpected_character},
      {"[1 2]", JsonError::unexpected_character},
      {"[1}", JsonError::unexpected_character},
      {"+1", JsonError::unexpected_character},
      {".5", JsonError::unexpected_character},
      {"NaN", JsonError::unexpected_character},
      {"-Infinity", JsonError::unexpected_character},
      {"'a'", JsonError::unexpected_character},
      {"\xef\xbb\xbf{}", JsonError::unexpected_character},
      {"\f1", JsonError::unexpected_character},
      {"01", JsonError::trailing_text},
      {"1 1", JsonError::trailing_text},
      {"[]]", JsonError::trailing_text},
      {"0x10", JsonError::trailing_text},
      {"nulls", JsonError::trailing_text},
      {"\"a\nb\"", JsonError::control_character},
      {"\"\0\""sv, JsonError::control_character},
      {"\"\\x\"", JsonError::invalid_escape},
      {"\"\\u12g4\"", JsonError::invalid_escape},
      {"\"\\u-123\"", JsonError::invalid_escape},
      {"\"\\u12\"", JsonError::invalid_escape},
      {"\"\\ud800\"", JsonError::lone_surrogate},
      {"\"\\ud800x\"", JsonError::lone_surrogate},
      {"\"\\ud800\\u0041\"", JsonError::lone_surrogate},
      {"\"\\udc00\"", JsonError::lone_surrogate},
      {"\"\\ud83d\\ud83d\\ude00\"", JsonError::lone_surrogate},
      {"\"\x80\"", JsonError::invalid_utf8},
      {"\"\xc1\xbf\"", JsonError::invalid_utf8},
      {"\"\xe0\x9f\xbf\"", JsonError::invalid_utf8},
      {"\"\xed\xa0\x80\"", JsonError::invalid_utf8},
      {"\"\xf4\x90\x80\x80\"", JsonError::invalid_utf8},
      {"\"\xf0\x9f\x98\"", JsonError::invalid_utf8},
      {"\"\xe2\x82", JsonError::invalid_utf8},
  };
  for (const auto& [text, error] : cases) EXPECT_EQ(error_of(text), error) << text;
}

TEST(JsonText, counts_depth_in_containers) {
  EXPECT_EQ(error_of("1", 0), std::error_code());
  EXPECT_EQ(error_of("[]", 0), JsonError::too_deep);
  EXPECT_EQ(error_of("[{\"a\":[]}]", 3), std::error_code());
  EXPECT_EQ(error_of("[{\"a\":[]}]", 2), JsonError::too_deep);
  EXPECT_EQ(error_of(std::string(1'000'000, '[')), JsonError::too_deep);
}

TEST(JsonText, bounds_the_length_of_a_number) {
  EXPECT_EQ(error_of(std::string(kNumberCharactersMax, '9')), std::error_code());
  EXPECT_EQ(error_of(std::string(kNumberCharactersMax + 1, '9')), JsonError::number_too_long);
}

// The word-wise search must find each special byte wherever it lies in a word.
TEST(JsonText, finds_a_special_byte_at_every_offset) {
  for (std::size_t length = 0; length < 40; ++length) {
    const std::string plain(length, 'x');
    EXPECT_EQ(scan_value("\"" + plain + "\"!", 0), length + 2);
    EXPECT_EQ(error_of("\"" + plain + "\x1f" + plain + "\""), JsonError::control_character);
    EXPECT_EQ(error_of("\"" + plain + "\xff" + plain + "\""), JsonError::invalid_utf8);
    EXPECT_EQ(error_of("\"" + plain + "\\q" + plain + "\""), JsonError::invalid_escape);
    EXPECT_EQ(error_of("\"" + plain + "\xc3\xa9 !\"").value(), 0);
  }
}

TEST(JsonText, scans_a_value_in_the_middle_and_leaves_the_rest) {
  EXPECT_EQ(scan_value("42[\"a\",1]tail", 2), 9u);
  EXPECT_EQ(scan_value("x", 1).error(), JsonError::unexpected_end);
  EXPECT_EQ(validate("  [1, 2]\n").value(), "[1, 2]");
}

TEST(JsonText, every_cut_of_a_valid_text_is_refused) {
  const std::string text = "{\"a\":[1.5e3,\"\\ud83d\\ude00\xe2\x82\xac\",true,null],\"b\":{}}";
  for (std::size_t size = 0; size < text.size(); ++size) {
    EXPECT_NE(error_of(text.substr(0, size)), std::error_code()) << size;
  }
  EXPECT_EQ(error_of(text), std::error_code());
}

std::vector<std::string> elements(std::string_view text) {
  std::vector<std::string> out;
  ArrayReader reader(text);
  while (const auto element = reader.next()) out.emplace_back(*element);
  return out;
}

TEST(JsonText, array_reader_yields_slices_as_they_were_written) {
  using Slices = std::vector<std::string>;
  EXPECT_EQ(elements("[ 1.50 , \"a]\\\"b\" ,{\"k\":[1,2]},[ ],null]"),
            (Slices{"1.50", "\"a]\\\"b\"", "{\"k\":[1,2]}", "[ ]", "null"}));
  EXPECT_EQ(elements("[]"), Slices{});
  EXPECT_EQ(elements("[ ]"), Slices{});
  EXPECT_EQ(elements("{\"a\":1}"), Slices{});
  EXPECT_EQ(elements(""), Slices{});
}

TEST(JsonText, object_reader_unescapes_keys_and_keeps_values) {
  ObjectReader reader("{\"a\" : 1 ,\"\\u0062\\n\":\"}\", \"a\":{\"x\":[]} }");
  auto entry = reader.next();
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->key, "a");
  EXPECT_EQ(entry->value, "1");
  entry = reader.next();
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->key, "b\n");
  EXPECT_EQ(entry->value, "\"}\"");
  entry = reader.next();
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->value, "{\"x\":[]}");
  EXPECT_FALSE(reader.next());
  EXPECT_FALSE(ObjectReader("{ }").next());
  EXPECT_FALSE(ObjectReader("[1]").next());
}

TEST(JsonText, the_last_of_equal_members_counts) {
  EXPECT_EQ(member("{\"a\":1,\"b\":2,\"a\":3}", "a"), "3");
  EXPECT_EQ(member("{\"a\":1}", "c"), std::nullopt);
  EXPECT_EQ(string_member("{\"a\":\"x\\ty\"}", "a"), "x\ty");
  EXPECT_EQ(string_member("{\"a\":1}", "a"), std::nullopt);
}

TEST(JsonText, unescape_gives_utf8) {
  EXPECT_EQ(unescape("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\u20AC\\ud83d\\ude00\""),
            "\"\\/\b\f\n\r\t\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80");
  EXPECT_EQ(unescape("\"a\\u0000b\""), std::string("a\0b", 3));
  EXPECT_EQ(unescape("12").error(), JsonError::wrong_kind);
  EXPECT_EQ(unescape("\"").error(), JsonError::wrong_kind);
  EXPECT_EQ(unescape("\"a\\\"").error(), JsonError::wrong_kind);
}

TEST(JsonText, quoting_and_unescaping_are_inverse) {
  std::string every;
  for (char c = 0; c < 0x7f; ++c) every.push_back(c);
  every += "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80";
  std::string quoted;
  append_quoted(quoted, every);
  EXPECT_EQ(error_of(quoted), std::error_code());
  EXPECT_EQ(unescape(quoted), every);
}

TEST(JsonText, quoting_replaces_what_is_not_utf8) {
  const auto quoted = [](std::string_view text) {
    std::string out;
    append_quoted(out, text);
    return out;
  };
  EXPECT_EQ(quoted("a\xff"
                   "b"),
            "\"a\xef\xbf\xbd"
            "b\"");
  EXPECT_EQ(quoted("\xed\xa0\x80"), "\"\xef\xbf\xbd\"");  // a surrogate: one character, not three
  EXPECT_EQ(quoted("\xed\xa0"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
  EXPECT_EQ(quoted("\x1f\x7f"), "\"\\u001f\x7f\"");
}

TEST(JsonText, integers_are_exact_or_nothing) {
  EXPECT_EQ(integer("-9223372036854775808"), INT64_MIN);
  EXPECT_EQ(integer("9223372036854775808"), std::nullopt);
  EXPECT_EQ(integer("1.0"), std::nullopt);
  EXPECT_EQ(integer("\"1\""), std::nullopt);
  EXPECT_EQ(integer(""), std::nullopt);
}

TEST(JsonText, repair_mends_what_python_writes_and_nothing_else) {
  EXPECT_EQ(repair("[NaN, Infinity, -Infinity, \"NaN\"]"), "[null, null, null, \"NaN\"]");
  EXPECT_EQ(repair("{\"\\ud800\": \"a\\udc00b\\ud83d\\ude00\\ud83d\"}"),
            "{\"\\ufffd\": \"a\\ufffdb\\ud83d\\ude00\\ufffd\"}");
  EXPECT_EQ(repair("[\"\\\\ud800\"]"), "[\"\\\\ud800\"]");  // an escaped backslash, then text
  EXPECT_EQ(repair("[nan]").error(), JsonError::unexpected_character);
  EXPECT_EQ(repair("[--Infinity]").error(), JsonError::unexpected_character);
  EXPECT_EQ(repair("[\"\\u12").error(), JsonError::invalid_escape);
  EXPECT_EQ(repair("[\"\\").error(), JsonError::unexpected_end);
  EXPECT_EQ(repair("").error(), JsonError::unexpected_end);
}

// Readers are memory-safe on unchecked text too: every cut of a text, and of broken ones.
TEST(JsonText, readers_stay_within_any_text) {
  const std::string text = "{\"a\\u0041\":[1,{\"b\":\"\\\"\"}],\"c\\\\\":null}";
  for (std::size_t size = 0; size <= text.size(); ++size) {
    const std::string cut = text.substr(0, size);  // a fresh allocation: sanitizers see its end
    ObjectReader object(cut);
    std::size_t seen = 0;
    while (const auto entry = object.next()) {
      seen += entry->key.size() + entry->value.size();
      (void)unescape(entry->value);  // an error is fine here, an overrun is not
    }
    EXPECT_LE(seen, size);
    ArrayReader array(cut);
    while (const auto element = array.next()) EXPECT_LE(element->size(), size);
  }
}

}  // namespace
}  // namespace outcry::json
