#include "store/owner_cache.h"

#include <deque>
#include <optional>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outcry::store {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

/// Keeps questions until the test answers them.
class HeldStore final : public OwnerStore {
 public:
  void ask(OwnerQuestion question, OwnerAnswer done) override {
    asked.emplace_back(std::move(question), std::move(done));
  }
  void answer(Result<bool> owned) {
    auto [question, done] = std::move(asked.front());
    asked.pop_front();
    done(owned);
  }
  std::deque<std::pair<OwnerQuestion, OwnerAnswer>> asked;
};

class OwnerCacheTest : public testing::Test {
 protected:
  OwnerCache make(OwnerCacheOptions options = {}) {
    return OwnerCache(store_, io_.get_executor(), options, [this] { return now_; });
  }
  void ask(OwnerCache& cache, const std::string& object, const std::string& user) {
    cache.ask({object, user}, [this](Result<bool> owned) { answers_.push_back(owned); });
  }
  void run() {
    io_.restart();
    io_.run();
  }

  boost::asio::io_context io_;
  HeldStore store_;
  TimePoint now_{std::chrono::hours(1)};
  std::vector<Result<bool>> answers_;
};

TEST_F(OwnerCacheTest, a_yes_is_remembered_until_its_lifetime_ends) {
  OwnerCache cache = make({.owned_lifetime = milliseconds(100)});
  ask(cache, "c1", "u1");
  store_.answer(true);
  now_ += milliseconds(99);
  ask(cache, "c1", "u1");
  EXPECT_THAT(store_.asked, IsEmpty());
  EXPECT_EQ(answers_.size(), 1u) << "an answer from memory must not come before ask() returns";
  run();
  EXPECT_THAT(answers_, ElementsAre(Result<bool>(true), Result<bool>(true)));

  now_ += milliseconds(1);
  ask(cache, "c1", "u1");
  EXPECT_EQ(store_.asked.size(), 1u);
}

TEST_F(OwnerCacheTest, a_no_has_its_own_lifetime) {
  OwnerCache cache = make({.denied_lifetime = milliseconds(10)});
  ask(cache, "c1", "u1");
  store_.answer(false);
  ask(cache, "c1", "u1");
  run();
  EXPECT_THAT(answers_, ElementsAre(Result<bool>(false), Result<bool>(false)));
  EXPECT_EQ(cache.stats().hits_denied, 1u);
  now_ += milliseconds(10);
  ask(cache, "c1", "u1");
  EXPECT_EQ(store_.asked.size(), 1u);
}

TEST_F(OwnerCacheTest, a_lifetime_of_zero_remembers_nothing) {
  OwnerCache cache = make({.owned_lifetime = milliseconds(0)});
  ask(cache, "c1", "u1");
  store_.answer(true);
  ask(cache, "c1", "u1");
  EXPECT_EQ(store_.asked.size(), 1u);
  EXPECT_EQ(cache.stats().entries, 0u);
}

TEST_F(OwnerCacheTest, the_same_question_is_asked_once_at_a_time) {
  OwnerCache cache = make();
  ask(cache, "c1", "u1");
  ask(cache, "c1", "u1");
  ask(cache, "c1", "u2");  // another user is another question
  EXPECT_EQ(store_.asked.size(), 2u);
  EXPECT_EQ(cache.stats().shared, 1u);
  store_.answer(true);
  EXPECT_THAT(answers_, ElementsAre(Result<bool>(true), Result<bool>(true)));
  store_.answer(false);
  EXPECT_EQ(answers_.back(), Result<bool>(false));
  EXPECT_EQ(cache.stats().in_flight, 0u);
}

TEST_F(OwnerCacheTest, one_users_yes_is_not_anothers) {
  OwnerCache cache = make();
  ask(cache, "c1", "u1");
  store_.answer(true);
  ask(cache, "c1", "u2");
  ASSERT_EQ(store_.asked.size(), 1u);
  EXPECT_EQ(store_.asked.front().first, (OwnerQuestion{"c1", "u2"}));
}

TEST_F(OwnerCacheTest, an_error_reaches_all_who_wait_and_is_not_remembered) {
  OwnerCache cache = make();
  ask(cache, "c1", "u1");
  ask(cache, "c1", "u1");
  store_.answer(fail(StoreError::timed_out));
  ASSERT_EQ(answers_.size(), 2u);
  EXPECT_EQ(answers_[0].error(), StoreError::timed_out);
  EXPECT_EQ(answers_[1].error(), StoreError::timed_out);
  ask(cache, "c1", "u1");
  EXPECT_EQ(store_.asked.size(), 1u);
  EXPECT_EQ(cache.stats().errors, 1u);
}

TEST_F(OwnerCacheTest, an_answer_may_ask_the_same_question_again) {
  OwnerCache cache = make({.owned_lifetime = milliseconds(0)});
  cache.ask({"c1", "u1"}, [&](Result<bool>) { ask(cache, "c1", "u1"); });
  store_.answer(true);
  ASSERT_EQ(store_.asked.size(), 1u);
  store_.answer(false);
  EXPECT_THAT(answers_, ElementsAre(Result<bool>(false)));
}

TEST_F(OwnerCacheTest, the_least_recently_used_entry_makes_room) {
  OwnerCache cache = make({.entries_max = 2});
  for (const char* object : {"c1", "c2"}) {
    ask(cache, object, "u1");
    store_.answer(true);
  }
  ask(cache, "c1", "u1");  // c2 is now the one unused for longest
  ask(cache, "c3", "u1");
  store_.answer(true);
  EXPECT_EQ(cache.stats().entries, 2u);
  EXPECT_EQ(cache.stats().evicted, 1u);
  ask(cache, "c1", "u1");
  EXPECT_THAT(store_.asked, IsEmpty());
  ask(cache, "c2", "u1");
  EXPECT_EQ(store_.asked.size(), 1u);
}

TEST_F(OwnerCacheTest, forgetting_a_user_forgets_only_his_answers) {
  OwnerCache cache = make();
  for (const char* user : {"u1", "u2"}) {
    ask(cache, "c1", user);
    store_.answer(true);
  }
  cache.forget_user("u1");
  ask(cache, "c1", "u2");
  EXPECT_THAT(store_.asked, IsEmpty());
  ask(cache, "c1", "u1");
  EXPECT_EQ(store_.asked.size(), 1u);
}

TEST_F(OwnerCacheTest, an_answer_asked_before_a_user_was_forgotten_is_not_remembered) {
  OwnerCache cache = make();
  ask(cache, "c1", "u1");
  cache.forget_user("u1");
  store_.answer(true);
  EXPECT_THAT(answers_, ElementsAre(Result<bool>(true)));
  ask(cache, "c1", "u1");
  EXPECT_EQ(store_.asked.size(), 1u);
}

TEST_F(OwnerCacheTest, an_answer_after_the_caches_end_finds_nobody) {
  {
    OwnerCache cache = make();
    ask(cache, "c1", "u1");
  }
  store_.answer(true);
  EXPECT_THAT(answers_, IsEmpty());
}

}  // namespace
}  // namespace outcry::store
