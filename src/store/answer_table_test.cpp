#include "store/answer_table.h"

#include <algorithm>
#include <list>
#include <random>

#include <gtest/gtest.h>

namespace outcry::store {
namespace {

constexpr std::size_t kEntriesMax = 20;
constexpr TimePoint kStart{std::chrono::hours(1)};

/// As plainly as it can be said: questions with their answers, the most recently used first.
class Model {
 public:
  std::optional<bool> recall(const AccessQuestion& question, TimePoint now) {
    const auto found = find(question);
    if (found == answers_.end()) return std::nullopt;
    if (now >= found->until) {
      answers_.erase(found);
      return std::nullopt;
    }
    answers_.splice(answers_.begin(), answers_, found);
    return answers_.front().allowed;
  }
  bool keep(const AccessQuestion& question, bool allowed, TimePoint until) {
    forget(question);
    const bool full = answers_.size() == kEntriesMax;
    if (full) answers_.pop_back();
    answers_.push_front({question, allowed, until});
    return full;
  }
  bool forget(const AccessQuestion& question) {
    const auto found = find(question);
    if (found == answers_.end()) return false;
    answers_.erase(found);
    return true;
  }
  std::size_t forget_user(const std::string& user) {
    return answers_.remove_if([&](const Answer& answer) { return answer.question.user == user; });
  }
  std::size_t size() const { return answers_.size(); }

 private:
  struct Answer {
    AccessQuestion question;
    bool allowed = false;
    TimePoint until;
  };
  std::list<Answer>::iterator find(const AccessQuestion& question) {
    return std::ranges::find(answers_, question, &Answer::question);
  }
  std::list<Answer> answers_;
};

class AnswerTableTest : public testing::TestWithParam<unsigned> {};

TEST_P(AnswerTableTest, says_what_a_plain_list_says) {
  std::mt19937 random(GetParam());
  const auto pick = [&random](unsigned below) { return static_cast<unsigned>(random()) % below; };
  const auto name = [&pick] { return std::string(1 + pick(2), static_cast<char>('a' + pick(4))); };
  AnswerTable table(kEntriesMax);
  Model model;
  TimePoint now = kStart;
  for (int step = 0; step < 20'000; ++step) {
    now += milliseconds(pick(3));
    const AccessQuestion question{
        .policy = static_cast<Policy>(pick(kPolicyCount)), .object = name(), .user = name()};
    const unsigned what = pick(100);
    if (what < 45) {
      ASSERT_EQ(table.recall(question, now), model.recall(question, now)) << step;
    } else if (what < 90) {
      const bool allowed = pick(2) == 0;
      const TimePoint until = now + milliseconds(1 + pick(200));
      ASSERT_EQ(table.keep(question, allowed, until), model.keep(question, allowed, until)) << step;
    } else if (what < 98) {
      ASSERT_EQ(table.forget(question), model.forget(question)) << step;
    } else {
      ASSERT_EQ(table.forget_user(question.user), model.forget_user(question.user)) << step;
    }
    ASSERT_EQ(table.size(), model.size()) << step;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, AnswerTableTest, testing::Values(1u, 2u, 3u, 4u));

TEST(AnswerTable, tells_apart_what_reads_the_same_when_written_together) {
  AnswerTable table(kEntriesMax);
  table.keep({Policy::owner, "ab", "c"}, true, kStart + seconds(1));
  EXPECT_EQ(table.recall({Policy::owner, "a", "bc"}, kStart), std::nullopt);
  EXPECT_EQ(table.recall({Policy::owner, "", "abc"}, kStart), std::nullopt);
  EXPECT_EQ(table.recall({Policy::http, "ab", "c"}, kStart), std::nullopt);
  EXPECT_EQ(table.recall({Policy::owner, "ab", "c"}, kStart), true);
}

}  // namespace
}  // namespace outcry::store
