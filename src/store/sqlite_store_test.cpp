#include "store/sqlite_store.h"

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <unistd.h>

namespace outcry::store {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;

constexpr const char* kQuery = "SELECT 1 FROM challenges WHERE id = ?1 AND user_id = ?2";
// Counts far beyond any time limit of these tests; only the limit can end it.
constexpr const char* kEndlessQuery =
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
    "SELECT 1 FROM n WHERE i < 0 AND i != ?1 AND i != ?2";

/// A writer, as the application is.
class Database {
 public:
  explicit Database(const std::filesystem::path& path) {
    EXPECT_EQ(sqlite3_open(path.c_str(), &handle_), SQLITE_OK);
  }
  ~Database() { sqlite3_close(handle_); }
  void run(const char* sql) {
    EXPECT_EQ(sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(handle_);
  }

 private:
  sqlite3* handle_ = nullptr;
};

class SqliteStoreTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "outcry-store-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
    options_.path = directory_ / "app.db";
    options_.owner_query = kQuery;
    // Generous: on a busy machine only a hang may reach it.
    options_.question_timeout = milliseconds(20'000);
    options_.reopen_min = options_.reopen_max = milliseconds(0);
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  static void fill(const std::filesystem::path& path, const char* owner) {
    Database database(path);
    database.run("PRAGMA journal_mode = WAL");
    database.run("CREATE TABLE challenges (id TEXT PRIMARY KEY, user_id TEXT NOT NULL)");
    database.run(("INSERT INTO challenges VALUES ('c1', '" + std::string(owner) + "')").c_str());
  }
  void fill() { fill(options_.path, "u1"); }

  Result<bool> ask(SqliteStore& store, std::string object, std::string user) {
    Result<bool> answer = fail(StoreError::none);
    store.ask({std::move(object), std::move(user)}, [&](Result<bool> owned) { answer = owned; });
    io_.restart();
    io_.run();
    return answer;
  }
  std::error_code check(std::string query) {
    SqliteStoreOptions options = options_;
    options.owner_query = std::move(query);
    return SqliteStore::check(options, why_);
  }

  boost::asio::io_context io_;
  std::filesystem::path directory_;
  SqliteStoreOptions options_;
  std::string why_;
};

TEST_F(SqliteStoreTest, the_owner_owns_and_nobody_else_does) {
  fill();
  SqliteStore store(io_.get_executor(), options_);
  EXPECT_EQ(ask(store, "c1", "u1"), Result<bool>(true));
  EXPECT_EQ(ask(store, "c1", "u2"), Result<bool>(false));
  EXPECT_EQ(ask(store, "c2", "u1"), Result<bool>(false));
  EXPECT_EQ(store.stats().owned, 1u);
  EXPECT_EQ(store.stats().denied, 2u);
}

TEST_F(SqliteStoreTest, values_are_bound_and_never_part_of_the_statement) {
  fill();
  SqliteStore store(io_.get_executor(), options_);
  EXPECT_EQ(ask(store, "c1", "x' OR '1'='1"), Result<bool>(false));
  EXPECT_EQ(ask(store, std::string("c1\0", 3), "u1"), Result<bool>(false));
}

TEST_F(SqliteStoreTest, what_another_process_commits_is_seen_by_the_next_question) {
  fill();
  SqliteStore store(io_.get_executor(), options_);
  EXPECT_EQ(ask(store, "c2", "u2"), Result<bool>(false));
  Database(options_.path).run("INSERT INTO challenges VALUES ('c2', 'u2')");
  EXPECT_EQ(ask(store, "c2", "u2"), Result<bool>(true));
}

TEST_F(SqliteStoreTest, a_crowd_gets_each_its_own_answer_in_the_order_of_asking) {
  fill();
  SqliteStore store(io_.get_executor(), options_);
  constexpr int kQuestions = 1'000;
  std::vector<int> order;
  int wrong = 0;
  for (int i = 0; i < kQuestions; ++i) {
    const bool is_owner = i % 3 == 0;
    store.ask({"c1", is_owner ? "u1" : "u2"}, [&, i, is_owner](Result<bool> owned) {
      order.push_back(i);
      if (owned != Result<bool>(is_owner)) ++wrong;
    });
  }
  io_.run();
  EXPECT_EQ(wrong, 0);
  EXPECT_TRUE(std::ranges::is_sorted(order));
  EXPECT_EQ(order.size(), static_cast<std::size_t>(kQuestions));
  EXPECT_EQ(store.stats().owned, 334u);
  EXPECT_EQ(store.stats().denied, 666u);
  EXPECT_EQ(store.stats().opened, 1u);
}

TEST_F(SqliteStoreTest, after_a_crowd_no_lock_is_left_to_keep_a_writer_out) {
  fill();
  Database(options_.path).run("PRAGMA journal_mode = DELETE");  // there readers block writers
  SqliteStore store(io_.get_executor(), options_);
  for (int i = 0; i < 200; ++i) store.ask({"c1", "u1"}, [](Result<bool>) {});
  io_.run();
  Database(options_.path).run("INSERT INTO challenges VALUES ('late', 'u1')");
  EXPECT_EQ(ask(store, "late", "u1"), Result<bool>(true));
}

TEST_F(SqliteStoreTest, a_missing_database_denies_and_is_opened_once_it_is_there) {
  SqliteStore store(io_.get_executor(), options_);
  EXPECT_EQ(ask(store, "c1", "u1"), Result<bool>(fail(StoreError::unavailable)));
  EXPECT_FALSE(std::filesystem::exists(options_.path)) << "a read-only store made a file";
  fill();
  EXPECT_EQ(ask(store, "c1", "u1"), Result<bool>(true));
}

TEST_F(SqliteStoreTest, after_a_failure_the_next_opening_waits_for_the_pause) {
  options_.reopen_min = options_.reopen_max = std::chrono::hours(1);
  SqliteStore store(io_.get_executor(), options_);
  EXPECT_FALSE(ask(store, "c1", "u1").has_value());
  fill();
  EXPECT_EQ(ask(store, "c1", "u1"), Result<bool>(fail(StoreError::unavailable)));
  EXPECT_EQ(store.stats().opened, 0u);
}

TEST_F(SqliteStoreTest, a_database_that_was_replaced_is_opened_anew) {
  fill();
  SqliteStore store(io_.get_executor(), options_);
  EXPECT_EQ(ask(store, "c1", "u1"), Result<bool>(true));
  const auto next = directory_ / "next.db";
  fill(next, "u2");
  std::filesystem::rename(next, options_.path);
  EXPECT_EQ(ask(store, "c1", "u1"), Result<bool>(false));
  EXPECT_EQ(ask(store, "c1", "u2"), Result<bool>(true));
  EXPECT_EQ(store.stats().opened, 2u);
}

TEST_F(SqliteStoreTest, a_table_that_goes_and_comes_back_needs_no_new_connection) {
  fill();
  std::atomic<bool> over = false;
  std::thread migration([this, &over] {
    Database database(options_.path);
    database.run("PRAGMA synchronous = OFF");
    for (int i = 0; i < 2'000; ++i) {
      database.run("ALTER TABLE challenges RENAME TO elsewhere");
      database.run("ALTER TABLE elsewhere RENAME TO challenges");
    }
    over = true;
  });
  SqliteStore store(io_.get_executor(), options_);
  while (!over) {
    if (const auto owned = ask(store, "c1", "u1"); !owned) {
      EXPECT_EQ(owned.error(), StoreError::query_failed);
    }
  }
  migration.join();
  EXPECT_EQ(ask(store, "c1", "u1"), Result<bool>(true));
  EXPECT_EQ(store.stats().opened, 1u);
}

TEST_F(SqliteStoreTest, a_file_that_is_no_database_denies) {
  std::ofstream(options_.path) << std::string(4096, 'x');
  SqliteStore store(io_.get_executor(), options_);
  EXPECT_EQ(ask(store, "c1", "u1"), Result<bool>(fail(StoreError::unavailable)));
}

TEST_F(SqliteStoreTest, a_query_that_does_not_end_is_ended) {
  fill();
  options_.owner_query = kEndlessQuery;
  options_.question_timeout = milliseconds(20);
  SqliteStore store(io_.get_executor(), options_);
  EXPECT_EQ(ask(store, "c1", "u1"), Result<bool>(fail(StoreError::timed_out)));
  EXPECT_EQ(store.stats().timed_out, 1u);
}

TEST_F(SqliteStoreTest, a_full_queue_denies_and_the_end_answers_what_waits) {
  fill();
  options_.owner_query = kEndlessQuery;
  options_.queue_max = 1;
  std::vector<std::error_code> errors;
  const auto keep = [&errors](Result<bool> owned) { errors.push_back(owned.error()); };
  {
    SqliteStore store(io_.get_executor(), options_);
    store.ask({"c1", "u1"}, keep);
    // The thread takes the first; until it has, the queue is full as well.
    while (store.stats().queued != 0) std::this_thread::yield();
    store.ask({"c2", "u1"}, keep);
    store.ask({"c3", "u1"}, keep);
    EXPECT_EQ(store.stats().queue_full, 1u);
  }
  io_.run();
  ASSERT_EQ(errors.size(), 3u);
  EXPECT_THAT(errors, testing::Contains(make_error_code(StoreError::queue_full)));
  EXPECT_THAT(errors, testing::Contains(make_error_code(StoreError::stopped)));
}

TEST_F(SqliteStoreTest, only_a_query_that_reads_with_both_parameters_is_accepted) {
  fill();
  EXPECT_EQ(check(kQuery), std::error_code());
  EXPECT_EQ(check(std::string(kQuery) + "; "), std::error_code());
  for (const char* bad : {
           "",
           "nonsense",
           "SELECT 1 FROM nowhere WHERE id = ?1 AND u = ?2",
           "DELETE FROM challenges WHERE id = ?1 AND user_id = ?2",
           "INSERT INTO challenges VALUES (?1, ?2) RETURNING 1",
           "SELECT 1 FROM challenges WHERE id = ?1",
           "SELECT 1 FROM challenges WHERE user_id = ?2",
           "SELECT 1 FROM challenges WHERE id = ?1 AND user_id = ?2 AND id = ?3",
           "SELECT 1 FROM challenges WHERE id = ? AND user_id = ?",
           "SELECT ?1, ?2; DROP TABLE challenges",
       }) {
    EXPECT_EQ(check(bad), StoreError::bad_query) << bad;
    EXPECT_FALSE(why_.empty()) << bad;
  }
}

TEST_F(SqliteStoreTest, parameters_may_be_written_as_postgresql_has_them) {
  fill();
  options_.owner_query = "SELECT 1 FROM challenges WHERE user_id = $2 AND id = $1";
  SqliteStore store(io_.get_executor(), options_);
  EXPECT_EQ(ask(store, "c1", "u1"), Result<bool>(true));
  EXPECT_EQ(ask(store, "u1", "c1"), Result<bool>(false));
  EXPECT_EQ(check("SELECT 1 FROM challenges WHERE id = $1"), StoreError::bad_query);
  EXPECT_EQ(check("SELECT 1 FROM challenges WHERE id = $1 AND user_id = $3"),
            StoreError::bad_query);
}

TEST_F(SqliteStoreTest, a_row_of_zero_or_null_is_a_no) {
  fill();
  options_.owner_query = "SELECT EXISTS (SELECT 1 FROM challenges WHERE id = ?1 AND user_id = ?2)";
  {
    SqliteStore store(io_.get_executor(), options_);
    EXPECT_EQ(ask(store, "c1", "u1"), Result<bool>(true));
    EXPECT_EQ(ask(store, "c1", "u2"), Result<bool>(false));
  }
  options_.owner_query = "SELECT max(id) FROM challenges WHERE id = ?1 AND user_id = ?2";
  SqliteStore store(io_.get_executor(), options_);
  EXPECT_EQ(ask(store, "c1", "u1"), Result<bool>(true));
  EXPECT_EQ(ask(store, "c1", "u2"), Result<bool>(false));
}

}  // namespace
}  // namespace outcry::store
