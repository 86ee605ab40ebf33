#include "cli/audit.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "audit/trail.h"

namespace outcry::cli {
namespace {

using audit::Kind;
using audit::Record;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const WallTime kTime{std::chrono::sys_days(std::chrono::year(2026) / 1 / 31)};

class AuditTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "outcry-cli-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
    std::string why;
    auto trail = audit::Trail::open({.directory = path(), .software = "test"}, kTime, why);
    ASSERT_TRUE(trail) << why;
    const std::vector<Record> records{record(Kind::connect, "ann", "", "AAA"),
                                      record(Kind::connect, "bob", "", "BBB"),
                                      record(Kind::join, "ann", "challenge_7", "AAA"),
                                      record(Kind::deny, "bob", "challenge_7", "BBB"),
                                      record(Kind::join, "cid", "challenge_8", "CCC"),
                                      {.kind = Kind::publish,
                                       .time = kTime,
                                       .rooms = {"challenge_8", "challenge_7"},
                                       .details = {{"event", "risk alert"}},
                                       .payload = "secret"},
                                      record(Kind::disconnect, "ann", "", "AAA"),
                                      record(Kind::disconnect, "cid", "", "CCC")};
    ASSERT_FALSE((*trail)->write(records, kTime).error);
    ASSERT_FALSE((*trail)->stop(kTime));
    end_ = (*trail)->last();
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  static Record record(Kind kind, std::string user, std::string room, std::string socket) {
    Record out{.kind = kind, .time = kTime, .user = std::move(user)};
    if (!room.empty()) out.rooms = {std::move(room)};
    out.socket = std::move(socket);
    return out;
  }
  [[nodiscard]] std::string path() const { return (directory_ / "trail").string(); }
  [[nodiscard]] std::string file() const { return path() + "/audit-00000000000000000001.jsonl"; }
  void change(const std::string& from, const std::string& to) {
    std::ostringstream text;
    text << std::ifstream(file()).rdbuf();
    std::string changed = text.str();
    changed.replace(changed.find(from), from.size(), to);
    std::ofstream(file()) << changed;
  }
  int command(const std::vector<std::string>& arguments) {
    out_.str({});
    err_.str({});
    return run(arguments, {out_, err_, {}, {}});
  }

  std::filesystem::path directory_;
  audit::Link end_;
  std::ostringstream out_;
  std::ostringstream err_;
};

TEST_F(AuditTest, a_whole_trail_is_intact_and_its_end_can_be_noted) {
  EXPECT_EQ(command({"audit", "verify", path()}), kExitDone) << out_.str();
  const std::string end = std::to_string(end_.sequence) + ':' + end_.hash;
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("1 files, records 1 to 11, 3 signatures by "),
                                HasSubstr("the last record is " + end + "; it ends a run\n"),
                                HasSubstr("--public-key"), HasSubstr("\nintact\n")));
  EXPECT_EQ(command({"audit", "verify", file(), "--expect-end", end}), kExitDone);
  EXPECT_EQ(command({"audit", "verify", path(), "--expect-end", "12"}), kExitFailed);
  EXPECT_THAT(out_.str(), HasSubstr("record 12: cut: the trail ends at record 11"));
}

TEST_F(AuditTest, the_public_key_is_printed_and_compared) {
  EXPECT_EQ(command({"audit", "public-key", path() + "/audit.key"}), kExitDone);
  const std::string key = (directory_ / "key.pem").string();
  std::ofstream(key) << out_.str();
  EXPECT_EQ(command({"audit", "verify", path(), "--public-key", key}), kExitDone) << out_.str();
  EXPECT_THAT(out_.str(), Not(HasSubstr("note:")));
  EXPECT_EQ(command({"audit", "verify", path(), "--public-key", file()}), kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("not an Ed25519 key"));
}

TEST_F(AuditTest, a_changed_trail_exits_1_and_says_where) {
  change("bob", "rob");
  EXPECT_EQ(command({"audit", "verify", path()}), kExitFailed);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr(file() + ":4: record 4: changed"),
                                HasSubstr("NOT INTACT: 1 findings")));
}

TEST_F(AuditTest, what_cannot_be_read_exits_2) {
  EXPECT_EQ(command({"audit", "verify", path() + "/nowhere"}), kExitUsage);
  EXPECT_EQ(command({"audit", "verify", directory_.string()}), kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("no trail is there"));
  EXPECT_EQ(command({"audit", "verify"}), kExitUsage);
  EXPECT_EQ(command({"audit"}), kExitUsage);
  EXPECT_EQ(command({"audit", "verify", path(), "--expect-end", "11:abc"}), kExitUsage);
}

TEST_F(AuditTest, a_timeline_has_the_rooms_records_and_its_members_connections) {
  EXPECT_EQ(command({"audit", "timeline", "7", path()}), kExitDone) << err_.str();
  const std::string told = out_.str();
  EXPECT_THAT(told, AllOf(HasSubstr("3  connect         user=ann  socket=AAA\n"),
                          HasSubstr("4  connect         user=bob  socket=BBB\n"),
                          HasSubstr("5  join            user=ann  room=challenge_7  socket=AAA\n"),
                          HasSubstr("6  deny            user=bob"), HasSubstr("8  publish "),
                          HasSubstr("event=\"risk alert\"  sha256=2bb80d"),
                          HasSubstr("9  disconnect      user=ann")));
  EXPECT_THAT(told, AllOf(HasSubstr("start"), HasSubstr("stop")));
  EXPECT_THAT(told, Not(HasSubstr("cid")));
  EXPECT_THAT(told, Not(HasSubstr("secret")));
  EXPECT_THAT(err_.str(), IsEmpty());
}

TEST_F(AuditTest, a_timeline_can_be_of_any_room_and_as_the_records_are) {
  EXPECT_EQ(command({"audit", "timeline", "--room", "challenge_8", path(), "--json"}), kExitDone);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr(R"("user":"cid","room":"challenge_8")"),
                                HasSubstr(R"("hash":")"), Not(HasSubstr("ann"))));
  EXPECT_EQ(command({"audit", "timeline", "99", path()}), kExitDone);
  EXPECT_THAT(err_.str(), HasSubstr("no record tells of room challenge_99"));
}

TEST_F(AuditTest, a_timeline_of_a_changed_trail_warns_and_exits_1) {
  change("ann", "eve");
  EXPECT_EQ(command({"audit", "timeline", "7", path()}), kExitFailed);
  EXPECT_THAT(err_.str(), AllOf(HasSubstr("NOT INTACT"), HasSubstr(":3: record 3: changed")));
}

}  // namespace
}  // namespace outcry::cli
