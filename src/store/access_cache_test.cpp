#include "store/access_cache.h"

#include <deque>
#include <optional>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/owner_store.h"

namespace outcry::store {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// Keeps questions until the test answers them.
struct HeldSource {
  void answer(Result<Access> access) {
    auto [question, done] = std::move(asked.front());
    asked.pop_front();
    done(access);
  }
  void answer(bool allowed) { answer(Access{.allowed = allowed}); }
  std::deque<std::pair<AccessQuestion, AccessDone>> asked;
};

class AccessCacheTest : public testing::Test {
 protected:
  AccessCache make(AccessLifetimes lifetimes = {}, std::size_t entries_max = 100) {
    AccessCache::Sources sources;
    for (const Policy policy : {Policy::owner, Policy::http}) {
      sources[static_cast<std::size_t>(policy)] = [this](AccessQuestion question, AccessDone done) {
        source_.asked.emplace_back(std::move(question), std::move(done));
      };
    }
    AccessCacheOptions options{.entries_max = entries_max};
    options.lifetimes.fill(lifetimes);
    return AccessCache(io_.get_executor(), options, std::move(sources), [this] { return now_; });
  }
  void ask(AccessCache& cache, const std::string& object, const std::string& user,
           Policy policy = Policy::owner) {
    cache.ask({policy, object, user},
              [this](Result<bool> allowed) { answers_.push_back(allowed); });
  }
  void run() {
    io_.restart();
    io_.run();
  }

  boost::asio::io_context io_;
  HeldSource source_;
  TimePoint now_{std::chrono::hours(1)};
  std::vector<Result<bool>> answers_;
};

TEST_F(AccessCacheTest, a_yes_is_remembered_until_its_lifetime_ends) {
  AccessCache cache = make({.allowed = milliseconds(100)});
  ask(cache, "c1", "u1");
  source_.answer(true);
  now_ += milliseconds(99);
  ask(cache, "c1", "u1");
  EXPECT_THAT(source_.asked, IsEmpty());
  EXPECT_EQ(answers_.size(), 1u) << "an answer from memory must not come before ask() returns";
  run();
  EXPECT_THAT(answers_, ElementsAre(Result<bool>(true), Result<bool>(true)));

  now_ += milliseconds(1);
  ask(cache, "c1", "u1");
  EXPECT_EQ(source_.asked.size(), 1u);
}

TEST_F(AccessCacheTest, an_answer_that_is_forgotten_on_its_way_is_asked_for_anew) {
  AccessCache cache = make();
  ask(cache, "c1", "u1");
  source_.answer(true);
  ask(cache, "c1", "u1");  // from memory, and posted
  cache.forget({Policy::owner, "c1", "u1"});
  run();
  EXPECT_EQ(answers_.size(), 1u);
  ASSERT_EQ(source_.asked.size(), 1u);
  source_.answer(false);
  EXPECT_THAT(answers_, ElementsAre(Result<bool>(true), Result<bool>(false)));
}

TEST_F(AccessCacheTest, a_no_has_its_own_lifetime) {
  AccessCache cache = make({.denied = milliseconds(10)});
  ask(cache, "c1", "u1");
  source_.answer(false);
  ask(cache, "c1", "u1");
  run();
  EXPECT_THAT(answers_, ElementsAre(Result<bool>(false), Result<bool>(false)));
  EXPECT_EQ(cache.stats().hits_denied, 1u);
  now_ += milliseconds(10);
  ask(cache, "c1", "u1");
  EXPECT_EQ(source_.asked.size(), 1u);
}

TEST_F(AccessCacheTest, a_lifetime_of_zero_remembers_nothing) {
  AccessCache cache = make({.allowed = milliseconds(0)});
  ask(cache, "c1", "u1");
  source_.answer(true);
  ask(cache, "c1", "u1");
  EXPECT_EQ(source_.asked.size(), 1u);
  EXPECT_EQ(cache.stats().entries, 0u);
}

TEST_F(AccessCacheTest, the_same_question_is_asked_once_at_a_time) {
  AccessCache cache = make();
  ask(cache, "c1", "u1");
  ask(cache, "c1", "u1");
  ask(cache, "c1", "u2");  // another user is another question
  EXPECT_EQ(source_.asked.size(), 2u);
  EXPECT_EQ(cache.stats().shared, 1u);
  source_.answer(true);
  EXPECT_THAT(answers_, ElementsAre(Result<bool>(true), Result<bool>(true)));
  source_.answer(false);
  EXPECT_EQ(answers_.back(), Result<bool>(false));
  EXPECT_EQ(cache.stats().in_flight, 0u);
}

TEST_F(AccessCacheTest, one_users_yes_is_not_anothers) {
  AccessCache cache = make();
  ask(cache, "c1", "u1");
  source_.answer(true);
  ask(cache, "c1", "u2");
  ASSERT_EQ(source_.asked.size(), 1u);
  EXPECT_EQ(source_.asked.front().first, (AccessQuestion{Policy::owner, "c1", "u2"}));
}

TEST_F(AccessCacheTest, an_error_reaches_all_who_wait_and_is_not_remembered) {
  AccessCache cache = make();
  ask(cache, "c1", "u1");
  ask(cache, "c1", "u1");
  source_.answer(fail(StoreError::timed_out));
  ASSERT_EQ(answers_.size(), 2u);
  EXPECT_EQ(answers_[0].error(), StoreError::timed_out);
  EXPECT_EQ(answers_[1].error(), StoreError::timed_out);
  ask(cache, "c1", "u1");
  EXPECT_EQ(source_.asked.size(), 1u);
  EXPECT_EQ(cache.stats().errors[0], 1u);
}

TEST_F(AccessCacheTest, an_answer_may_ask_the_same_question_again) {
  AccessCache cache = make({.allowed = milliseconds(0)});
  cache.ask({Policy::owner, "c1", "u1"}, [&](Result<bool>) { ask(cache, "c1", "u1"); });
  source_.answer(true);
  ASSERT_EQ(source_.asked.size(), 1u);
  source_.answer(false);
  EXPECT_THAT(answers_, ElementsAre(Result<bool>(false)));
}

TEST_F(AccessCacheTest, the_least_recently_used_entry_makes_room) {
  AccessCache cache = make({}, 2);
  for (const char* object : {"c1", "c2"}) {
    ask(cache, object, "u1");
    source_.answer(true);
  }
  ask(cache, "c1", "u1");  // c2 is now the one unused for longest
  ask(cache, "c3", "u1");
  source_.answer(true);
  EXPECT_EQ(cache.stats().entries, 2u);
  EXPECT_EQ(cache.stats().evicted, 1u);
  ask(cache, "c1", "u1");
  EXPECT_THAT(source_.asked, IsEmpty());
  ask(cache, "c2", "u1");
  EXPECT_EQ(source_.asked.size(), 1u);
}

TEST_F(AccessCacheTest, forgetting_a_user_forgets_only_his_answers) {
  AccessCache cache = make();
  for (const char* user : {"u1", "u2"}) {
    ask(cache, "c1", user);
    source_.answer(true);
  }
  cache.forget_user("u1");
  ask(cache, "c1", "u2");
  EXPECT_THAT(source_.asked, IsEmpty());
  ask(cache, "c1", "u1");
  EXPECT_EQ(source_.asked.size(), 1u);
}

TEST_F(AccessCacheTest, an_answer_that_may_be_older_than_the_change_is_asked_for_again) {
  AccessCache cache = make();
  ask(cache, "c1", "u1");
  cache.forget_user("u1");
  source_.answer(true);
  EXPECT_THAT(answers_, IsEmpty());
  ASSERT_EQ(source_.asked.size(), 1u);
  source_.answer(false);
  EXPECT_THAT(answers_, ElementsAre(Result<bool>(false)));

  ask(cache, "c2", "u1");
  cache.forget({Policy::owner, "c2", "u1"});
  cache.forget({Policy::owner, "c3", "u1"});  // nothing is known
  source_.answer(fail(StoreError::unavailable));
  EXPECT_EQ(answers_.back().error(), StoreError::unavailable) << "an error lets nobody in";
}

TEST_F(AccessCacheTest, one_answer_is_forgotten_and_no_other) {
  AccessCache cache = make();
  for (const char* object : {"c1", "c2"}) {
    ask(cache, object, "u1");
    source_.answer(true);
  }
  cache.forget({Policy::owner, "c1", "u1"});
  EXPECT_EQ(cache.stats().forgotten, 1u);
  ask(cache, "c2", "u1");
  EXPECT_THAT(source_.asked, IsEmpty());
  ask(cache, "c1", "u1");
  EXPECT_EQ(source_.asked.size(), 1u);
}

TEST_F(AccessCacheTest, policies_have_answers_of_their_own) {
  AccessCache cache = make();
  ask(cache, "c1", "u1", Policy::owner);
  source_.answer(true);
  ask(cache, "c1", "u1", Policy::http);
  ASSERT_EQ(source_.asked.size(), 1u);
  source_.answer(false);
  ask(cache, "c1", "u1", Policy::http_open);
  run();
  EXPECT_EQ(answers_.back().error(), StoreError::not_configured);
}

TEST_F(AccessCacheTest, an_answer_may_say_how_long_it_holds) {
  AccessCache cache = make({.allowed = milliseconds(100), .denied = milliseconds(100)});
  ask(cache, "c1", "u1");
  source_.answer(Access{.allowed = true, .lifetime = milliseconds(200)});
  ask(cache, "c2", "u1");
  source_.answer(Access{.allowed = true, .lifetime = milliseconds(0)});
  now_ += milliseconds(199);
  ask(cache, "c1", "u1");
  EXPECT_THAT(source_.asked, IsEmpty());
  ask(cache, "c2", "u1");
  EXPECT_EQ(source_.asked.size(), 1u) << "0: not remembered";
  now_ += milliseconds(1);
  ask(cache, "c1", "u1");
  EXPECT_EQ(source_.asked.size(), 2u);
}

TEST_F(AccessCacheTest, an_answer_after_the_caches_end_finds_nobody) {
  {
    AccessCache cache = make();
    ask(cache, "c1", "u1");
  }
  source_.answer(true);
  EXPECT_THAT(answers_, IsEmpty());
}

}  // namespace
}  // namespace outcry::store
