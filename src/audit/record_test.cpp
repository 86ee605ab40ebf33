#include "audit/record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/trail_for_test.h"
#include "audit/trail_line.h"
#include "base/json_text.h"

namespace outcry::audit {
namespace {

using test::kMorning;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

std::string members_of(const Record& record) {
  std::string out;
  append_members(out, record);
  return out;
}

TEST(RecordTest, it_says_what_it_has_and_nothing_else) {
  EXPECT_EQ(members_of({.kind = Kind::disconnect, .time = kMorning}),
            R"("time":"2026-01-31T09:00:00.000Z","kind":"disconnect")");
  Record record = test::join_of(3);
  record.details = {{"cause", "client"}, {"nothing", ""}, {"count", std::uint64_t{7}}};
  EXPECT_EQ(members_of(record),
            R"("time":"2026-01-31T09:00:00.000Z","kind":"join","user":"u3","namespace":"/",)"
            R"("room":"challenge_3","socket":"AAAAAAAAAAAAAAAAAAAA","address":"192.0.2.1",)"
            R"("detail":{"cause":"client","count":7})");
}

TEST(RecordTest, of_a_payload_it_has_the_hash) {
  Record record{.kind = Kind::publish, .time = kMorning, .rooms = {"a", "b"}};
  record.payload = "abc";
  // FIPS 180-4's own example.
  EXPECT_THAT(members_of(record),
              EndsWith(R"("rooms":["a","b"],"detail":{"sha256":"ba7816bf8f01cfea414140de5dae2223)"
                       R"(b00361a396177a9cb410ff61f20015ad"})"));
}

TEST(RecordTest, what_a_peer_says_can_break_out_of_nothing_and_is_cut_at_its_limit) {
  Record record{.kind = Kind::deny, .time = kMorning, .user = "a\",\"kind\":\"x\n\xff"};
  record.rooms = {std::string(kTextBytesMax, 'r')};
  record.address = std::string(kTextBytesMax + 1, 'a');
  const std::string out = '{' + members_of(record) + '}';
  ASSERT_TRUE(json::validate(out));
  EXPECT_EQ(json::string_member(out, "user"), "a\",\"kind\":\"x\n\xEF\xBF\xBD");
  EXPECT_EQ(json::string_member(out, "kind"), "deny");
  EXPECT_EQ(json::string_member(out, "room"), std::string(kTextBytesMax, 'r'));
  EXPECT_EQ(json::string_member(out, "address"), std::string(kTextBytesMax, 'a') + "…");
}

TEST(RecordTest, of_very_many_rooms_it_names_the_first_and_counts_the_rest) {
  Record record{.kind = Kind::publish, .time = kMorning};
  record.rooms.assign(kRoomsMax, "r");
  EXPECT_THAT(members_of(record), Not(HasSubstr("rooms_more")));
  record.rooms.emplace_back("r");
  EXPECT_THAT(members_of(record), HasSubstr(R"(,"rooms_more":1)"));
}

TEST(RecordTest, every_kind_has_a_name_that_leads_back_to_it) {
  for (std::size_t i = 0; i < kKindCount; ++i) {
    const auto kind = static_cast<Kind>(i);
    ASSERT_FALSE(name_of(kind).empty());
    EXPECT_EQ(kind_of(name_of(kind)), kind);
  }
  EXPECT_EQ(kind_of("nonsense"), std::nullopt);
}

TEST(RecordTest, times_can_be_read_back) {
  const WallTime time = kMorning + std::chrono::milliseconds(1'234);
  EXPECT_EQ(time_text(time), "2026-01-31T09:00:01.234Z");
  EXPECT_EQ(parse_time("2026-01-31T09:00:01.234Z"), time);
  for (const auto* const text : {"", "2026-01-31T09:00:01.234", "2026-13-31T09:00:01.234Z",
                                 "2026-01-31 09:00:01.234Z", "2026-01-31T09:00:01.23xZ"}) {
    EXPECT_EQ(parse_time(text), std::nullopt) << text;
  }
}

class TrailLineTest : public test::TrailTest {
 protected:
  std::string lines(const std::vector<Record>& records) {
    const auto key = SigningKey::load_or_make(root_ / "key");
    std::string out;
    Link last;
    for (const Record& record : records) append_line(out, last, record, *key);
    return out;
  }
};

TEST_F(TrailLineTest, a_line_is_read_back_as_what_it_was) {
  const std::string text = lines({test::join_of(1), {.kind = Kind::checkpoint, .time = kMorning}});
  const auto both = test::lines_of(text);
  ASSERT_EQ(both.size(), 2U);
  const auto first = parse_line(both[0]);
  const auto second = parse_line(both[1]);
  ASSERT_TRUE(first && second) << text;
  EXPECT_EQ(first->sequence, 1U);
  EXPECT_EQ(first->kind, Kind::join);
  EXPECT_EQ(first->previous, no_hash());
  EXPECT_TRUE(first->signature.empty());
  EXPECT_EQ(second->previous, first->hash);
  EXPECT_EQ(second->kind, Kind::checkpoint);
  EXPECT_TRUE(first->holds() && second->holds());
  const auto key = SigningKey::load(root_ / "key");
  EXPECT_TRUE(second->verifies(key->public_key()));
  EXPECT_FALSE(first->verifies(key->public_key()));
}

TEST_F(TrailLineTest, any_byte_that_differs_is_seen) {
  const std::string line =
      test::lines_of(lines({{.kind = Kind::checkpoint, .time = kMorning}})).front();
  const auto key = SigningKey::load(root_ / "key");
  for (std::size_t i = 0; i < line.size(); ++i) {
    for (const char flip : {'\x01', '\x20', '\x80'}) {
      std::string other = line;
      other[i] = static_cast<char>(other[i] ^ flip);
      const auto parsed = parse_line(other);
      EXPECT_FALSE(parsed && parsed->holds() && parsed->verifies(key->public_key()))
          << "byte " << i << ": " << other;
    }
  }
  EXPECT_FALSE(parse_line(line + ' '));
  EXPECT_FALSE(parse_line(line + '\r'));
  EXPECT_FALSE(parse_line(""));
}

}  // namespace
}  // namespace outcry::audit
