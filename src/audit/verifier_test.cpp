#include "audit/verifier.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "audit/trail_for_test.h"

namespace outcry::audit {
namespace {

using test::kMorning;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// One file: 1 file, 2 start, 3 to 6 joins, 7 checkpoint, 8 to 9 joins, 10 stop.
class VerifierTest : public test::TrailTest {
 protected:
  void SetUp() override {
    TrailTest::SetUp();
    options_.checkpoint_records = 4;
    open();
    write(6);
    stop();
    lines_ = test::lines_of(test::text_of(only_file()));
    ASSERT_EQ(lines_.size(), 10U);
  }
  /// The only finding after the lines were changed.
  std::string finding() {
    std::string text;
    for (const std::string& line : lines_) text += line + '\n';
    test::set_text(only_file(), text);
    const Report report = verify(how_);
    EXPECT_THAT(report.findings, SizeIs(1)) << told(report);
    return told(report);
  }
  void erase(int line) { lines_.erase(lines_.begin() + line - 1); }

  std::vector<std::string> lines_;
  VerifierOptions how_;
};

TEST_F(VerifierTest, a_changed_record_is_named_by_file_line_and_number) {
  lines_[3].replace(lines_[3].find("u1"), 2, "u2");
  EXPECT_EQ(finding(),
            "audit-00000000000000000001.jsonl:4: 4: changed: its hash isn't that of its content\n");
}

TEST_F(VerifierTest, a_changed_number_is_one_finding_and_not_a_gap) {
  lines_[3].replace(0, 8, R"({"seq":9)");
  EXPECT_THAT(finding(), HasSubstr(":4: 4: changed"));
}

TEST_F(VerifierTest, removed_records_are_named) {
  erase(4);
  erase(4);
  EXPECT_THAT(finding(), HasSubstr(":4: 4: removed: records 4 to 5 stood before this line"));
}

TEST_F(VerifierTest, a_moved_record_is_found_where_it_was_and_where_it_is) {
  std::swap(lines_[3], lines_[4]);
  std::string text;
  for (const std::string& line : lines_) text += line + '\n';
  test::set_text(only_file(), text);
  EXPECT_EQ(told(verify()),
            "audit-00000000000000000001.jsonl:4: 4: removed: record 4 stood before this line\n"
            "audit-00000000000000000001.jsonl:5: 4: moved: it stands behind record 5\n");
}

TEST_F(VerifierTest, a_repeated_record_is_named) {
  lines_.insert(lines_.begin() + 4, lines_[3]);
  EXPECT_THAT(finding(), HasSubstr(":5: 4: repeated: record 4 was here before"));
}

TEST_F(VerifierTest, a_line_that_is_no_record_is_named) {
  lines_.insert(lines_.begin() + 4, "");
  EXPECT_THAT(finding(), HasSubstr(":5: 5: changed: not a record"));
}

TEST_F(VerifierTest, a_record_made_anew_does_not_fit_its_neighbour) {
  const auto other_key = SigningKey::load_or_make(root_ / "other.key");
  Link last{.sequence = 3, .hash = std::string(parse_line(lines_[2])->hash)};
  std::string forged;
  append_line(forged, last, test::join_of(77), *other_key);
  forged.pop_back();
  lines_[3] = forged;
  EXPECT_THAT(finding(), HasSubstr(":5: 5: rewritten: it doesn't name the hash of record 4"));
}

TEST_F(VerifierTest, whoever_makes_all_that_follows_anew_lacks_the_key) {
  const auto other_key = SigningKey::load_or_make(root_ / "other.key");
  Link last{.sequence = 3, .hash = std::string(parse_line(lines_[2])->hash)};
  std::string forged;
  for (int i = 4; i <= 6; ++i) append_line(forged, last, test::join_of(i), *other_key);
  append_line(forged, last, {.kind = Kind::checkpoint, .time = kMorning}, *other_key);
  lines_.resize(3);
  for (const std::string& line : test::lines_of(forged)) lines_.push_back(line);
  EXPECT_THAT(finding(), HasSubstr(":7: 7: changed: its signature is wrong"));
}

TEST_F(VerifierTest, nor_does_it_help_to_sign_nothing) {
  const auto other_key = SigningKey::load_or_make(root_ / "other.key");
  Link last{.sequence = 3, .hash = std::string(parse_line(lines_[2])->hash)};
  std::string forged;
  for (int i = 4; i <= 9; ++i) append_line(forged, last, test::join_of(i), *other_key);
  lines_.resize(3);
  for (const std::string& line : test::lines_of(forged)) lines_.push_back(line);
  EXPECT_THAT(finding(), HasSubstr(":7: 7: not signed: 5 records in a row"));
}

TEST_F(VerifierTest, another_key_is_seen_by_who_holds_the_right_one) {
  const auto right = SigningKey::load(options_.directory / "audit.key");
  const auto wrong = SigningKey::load_or_make(root_ / "other.key");
  how_.keys = {wrong->public_key()};
  EXPECT_FALSE(verify(how_).intact());
  how_.keys = {wrong->public_key(), right->public_key()};
  const Report report = verify(how_);
  EXPECT_TRUE(report.intact()) << told(report);
  EXPECT_EQ(report.keys, std::vector{right->public_key().base64()});
}

TEST_F(VerifierTest, a_trail_with_a_key_of_its_own_choice_is_told_from_ours) {
  const auto right = SigningKey::load(options_.directory / "audit.key")->public_key();
  std::filesystem::remove(options_.directory / "audit.key");
  std::filesystem::remove(only_file());
  open();
  write(6);
  stop();
  EXPECT_TRUE(verify().intact()) << "nothing in it is wrong";
  EXPECT_FALSE(verify({.keys = {right}}).intact());
}

TEST_F(VerifierTest, a_key_that_changes_on_the_way_is_told) {
  std::filesystem::remove(options_.directory / "audit.key");
  open();
  stop();
  const Report report = verify();
  EXPECT_THAT(told(report), HasSubstr("another key signs from here on"));
}

TEST_F(VerifierTest, a_cut_end_is_seen_by_who_knows_how_far_it_went) {
  const Link last = verify().last;
  lines_.resize(7);  // to the checkpoint
  std::string text;
  for (const std::string& line : lines_) text += line + '\n';
  test::set_text(only_file(), text);
  EXPECT_TRUE(verify().intact());
  EXPECT_FALSE(verify().stopped) << "but it says so";
  how_.expected = Expected{.sequence = last.sequence};
  EXPECT_THAT(finding(), HasSubstr("cut: the trail ends at record 7, and record 10 was expected"));
  how_.expected = Expected{.sequence = 7, .hash = last.hash};
  EXPECT_THAT(finding(), HasSubstr(":7: 7: rewritten: its hash isn't the expected one"));
}

TEST_F(VerifierTest, a_torn_end_an_empty_file_and_no_file_are_told) {
  std::string text = test::text_of(only_file());
  text.pop_back();
  test::set_text(only_file(), text);
  EXPECT_THAT(told(verify()), HasSubstr(":10: 10: cut: the last line has no end"));
  test::set_text(only_file(), "");
  EXPECT_THAT(told(verify()), HasSubstr("empty"));
  std::filesystem::remove(only_file());
  EXPECT_THAT(told(verify()), HasSubstr("no record at all"));
}

TEST_F(VerifierTest, findings_are_bounded_and_the_rest_is_counted) {
  for (std::string& line : lines_) line[10] = '!';
  std::string text;
  for (const std::string& line : lines_) text += line + '\n';
  test::set_text(only_file(), text);
  how_.findings_max = 3;
  const Report report = verify(how_);
  EXPECT_THAT(report.findings, SizeIs(3));
  EXPECT_GE(report.findings_more, 7U);
}

TEST_F(VerifierTest, files_may_come_from_several_places) {
  options_.file_bytes_max = 1;
  open();
  write(1);
  write(1);
  stop();
  const auto archive = root_ / "archive";
  std::filesystem::create_directory(archive);
  std::filesystem::rename(files()[0], archive / files()[0].filename());
  const auto found = trail_files({options_.directory, archive});
  ASSERT_TRUE(found);
  Verifier verifier({});
  for (const auto& file : *found) EXPECT_FALSE(verifier.read(file));
  const Report report = verifier.finish();
  EXPECT_TRUE(report.intact()) << told(report);
  EXPECT_EQ(report.first, 1U);
  EXPECT_FALSE(trail_files({root_ / "nowhere"}));
}

}  // namespace
}  // namespace outcry::audit
