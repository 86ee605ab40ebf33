#include "store/postgres_store.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/clock.h"
#include "net/tls_for_test.h"
#include "store/postgres_server_for_test.h"

namespace outcry::store {
namespace {

using testing::Each;
using testing::Eq;

/// Waits as long as the object's id says, in seconds; a row is a yes.
constexpr const char* kSlowQuery = "SELECT 1 FROM pg_sleep($1::float8) WHERE $2 <> ''";

class PostgresStoreTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    server = std::make_unique<PostgresServer>();
    server->run("CREATE TABLE challenges (id text PRIMARY KEY, user_id text NOT NULL)");
    server->run("INSERT INTO challenges VALUES ('c1', 'u1'), ('c2', 'u2')");
    server->run("CREATE TABLE desks (id uuid PRIMARY KEY, user_id text NOT NULL)");
    server->run("INSERT INTO desks VALUES ('6f1c2b5e-3f0d-4c55-9d3c-1f2e3d4c5b6a', 'u1')");
  }
  static void TearDownTestSuite() { server.reset(); }

  void open(const std::string& host = "127.0.0.1", const std::string& options = {}) {
    options_.url = server->url(host, options);
    store_ = std::make_unique<PostgresStore>(io_.get_executor(), options_);
  }
  void open_and_wait() {
    open();
    until([&] { return store_->stats().connections == 1; });
  }
  void ask(const std::string& object, const std::string& user = "u1") {
    store_->ask({object, user}, [this](Result<bool> owned) { answers_.push_back(owned); });
  }
  Result<bool> owns(const std::string& object, const std::string& user = "u1") {
    std::optional<Result<bool>> answer;
    store_->ask({object, user}, [&](Result<bool> owned) { answer = owned; });
    EXPECT_FALSE(answer) << "answered before ask() returned";
    until([&] { return answer.has_value(); });
    return answer.value_or(fail(StoreError::stopped));
  }
  template <class F>
  void until(F&& condition) {
    io_.restart();
    const TimePoint end = steady_now() + seconds(30);
    bool holds = condition();
    while (!holds && steady_now() < end) {
      io_.run_one_for(milliseconds(50));
      holds = condition();
    }
    EXPECT_TRUE(holds);
  }

  static std::unique_ptr<PostgresServer> server;
  boost::asio::io_context io_;
  PostgresStoreOptions options_{.owner_query =
                                    "SELECT 1 FROM challenges WHERE id = $1 "
                                    "AND user_id = $2",
                                .question_timeout = milliseconds(5'000),
                                .breaker = {.failures_max = 0}};
  std::vector<Result<bool>> answers_;
  std::unique_ptr<PostgresStore> store_;
};
std::unique_ptr<PostgresServer> PostgresStoreTest::server;

// ---- Answers ----

TEST_F(PostgresStoreTest, a_row_says_yes_and_none_says_no) {
  open();
  EXPECT_EQ(owns("c1", "u1"), true);
  EXPECT_EQ(owns("c1", "u2"), false);
  EXPECT_EQ(owns("c3", "u1"), false);
  EXPECT_EQ(owns("c1' OR '1'='1", "u1"), false);
  EXPECT_EQ(store_->stats().opened, 1u);
  EXPECT_EQ(store_->stats().owned, 1u);
  EXPECT_EQ(store_->stats().denied, 3u);
}

TEST_F(PostgresStoreTest, false_null_and_zero_say_no) {
  const auto answer = [&](const char* query) {
    options_.owner_query = query;
    open();
    return owns("c1");
  };
  constexpr const char* kExists =
      "SELECT EXISTS (SELECT 1 FROM challenges WHERE id = $1 AND user_id = $2)";
  EXPECT_EQ(answer(kExists), true);
  EXPECT_EQ(owns("c2"), false);
  EXPECT_EQ(answer("SELECT count(*) FROM challenges WHERE id = $1 AND user_id = $2"), true);
  EXPECT_EQ(owns("c2"), false);
  EXPECT_EQ(answer("SELECT NULL::text WHERE $1 <> $2::text"), false);
  EXPECT_EQ(answer("SELECT 0.00 WHERE $1 <> $2::text"), false);
  EXPECT_EQ(answer("SELECT '0' WHERE $1 <> $2::text"), true) << "a text is a value";
}

TEST_F(PostgresStoreTest, an_id_that_the_column_cannot_hold_is_a_no_and_disturbs_nobody) {
  options_.owner_query = "SELECT 1 FROM desks WHERE id = $1 AND user_id = $2";
  options_.breaker = {.failures_max = 1};
  open();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(owns("not-a-uuid"), false);
  EXPECT_EQ(owns("6f1c2b5e-3f0d-4c55-9d3c-1f2e3d4c5b6a"), true);
  EXPECT_EQ(store_->stats().opened, 1u);
}

TEST_F(PostgresStoreTest, a_million_rows_are_one_yes) {
  options_.owner_query = "SELECT n FROM generate_series(1, 1000000) n WHERE $1 <> $2::text";
  options_.question_timeout = seconds(20);
  open();
  EXPECT_EQ(owns("c1"), true);
  EXPECT_EQ(owns("c1"), true) << "the next answer is not the last one's rest";
}

TEST_F(PostgresStoreTest, a_query_that_cannot_be_used_says_so) {
  for (const char* query :
       {"SELECT 1 FROM nowhere WHERE id = $1 AND u = $2", "SELEC $1, $2",
        "SELECT 1 FROM challenges WHERE id = $1", "SELECT 1; SELECT $1::text, $2::text",
        "SELECT 1 FROM challenges WHERE id = $1 AND user_id = $2 AND id = $3"}) {
    options_.owner_query = query;
    open();
    EXPECT_EQ(owns("c1").error(), StoreError::bad_query) << query;
  }
}

TEST_F(PostgresStoreTest, nothing_is_written) {
  options_.owner_query = "DELETE FROM challenges WHERE id = $1 AND user_id = $2 RETURNING 1";
  open();
  EXPECT_EQ(owns("c1").error(), StoreError::query_failed);
  EXPECT_EQ(server->run("SELECT count(*) FROM challenges"), "2");
}

TEST_F(PostgresStoreTest, a_name_is_looked_up_and_a_wrong_password_is_unavailable) {
  open("localhost");
  EXPECT_EQ(owns("c1"), true);
  options_.url =
      "postgresql://outcry:wrong@127.0.0.1:" + server->run("SELECT current_setting('port')") +
      "/postgres";
  store_ = std::make_unique<PostgresStore>(io_.get_executor(), options_);
  EXPECT_EQ(owns("c1").error(), StoreError::unavailable);
  open("no-such-host.invalid");
  EXPECT_EQ(owns("c1").error(), StoreError::unavailable);
}

// ---- Time and limits ----

TEST_F(PostgresStoreTest, the_time_limit_covers_query_and_queue_and_spares_the_connection) {
  options_.owner_query = kSlowQuery;
  options_.question_timeout = milliseconds(300);
  options_.connections_max = 1;
  open_and_wait();
  const TimePoint begun = steady_now();
  for (int i = 0; i < 3; ++i) ask("10");
  until([&] { return answers_.size() == 3; });
  EXPECT_THAT(answers_, Each(Result<bool>(fail(StoreError::timed_out))));
  EXPECT_LT(steady_now() - begun, milliseconds(590)) << "one limit, not one after the other";
  until([&] { return store_->stats().busy == 0; });
  EXPECT_EQ(owns("0"), true);
  EXPECT_EQ(store_->stats().opened, 1u);
  EXPECT_EQ(store_->stats().timed_out, 3u);
}

TEST_F(PostgresStoreTest, connections_and_the_queue_are_bounded) {
  options_.owner_query = kSlowQuery;
  options_.connections_max = 2;
  options_.queue_max = 3;
  open_and_wait();
  for (int i = 0; i < 2; ++i) ask("0.4");
  until([&] { return store_->stats().busy == 2; });
  for (int i = 0; i < 4; ++i) ask("0");
  until([&] { return answers_.size() == 6; });
  EXPECT_EQ(std::ranges::count(answers_, Result<bool>(true)), 5);
  EXPECT_EQ(answers_.front(), Result<bool>(fail(StoreError::queue_full)));
  EXPECT_EQ(store_->stats().opened, 2u);
  EXPECT_EQ(store_->stats().queue_full, 1u);
}

TEST_F(PostgresStoreTest, spare_connections_are_closed_and_one_is_kept) {
  options_.owner_query = kSlowQuery;
  options_.idle_check = milliseconds(200);
  options_.connections_max = 3;
  open_and_wait();
  for (int i = 0; i < 3; ++i) ask("0.3");
  until([&] { return store_->stats().connections == 3; });
  until([&] { return store_->stats().connections == 1; });
  const TimePoint later = steady_now() + milliseconds(500);
  until([&] { return steady_now() > later; });
  EXPECT_EQ(store_->stats().connections, 1u);
  EXPECT_EQ(store_->stats().opened, 3u);
}

TEST_F(PostgresStoreTest, a_database_that_fails_is_left_alone_for_a_while) {
  options_.owner_query = kSlowQuery;
  options_.question_timeout = milliseconds(100);
  options_.breaker = {.failures_max = 2, .pause = milliseconds(500)};
  open_and_wait();
  EXPECT_EQ(owns("10").error(), StoreError::timed_out);
  EXPECT_EQ(owns("10").error(), StoreError::timed_out);
  EXPECT_EQ(owns("0").error(), StoreError::circuit_open);
  const TimePoint later = steady_now() + milliseconds(500);
  until([&] { return steady_now() > later; });
  EXPECT_EQ(owns("0"), true);
  EXPECT_EQ(owns("0"), true);
  EXPECT_EQ(store_->stats().circuit_open, 1u);
}

// ---- A database that goes and comes back ----

TEST_F(PostgresStoreTest, a_killed_database_is_noticed_at_once_and_found_again) {
  options_.reconnect_max = milliseconds(200);
  open_and_wait();
  server->kill();
  until([&] { return store_->stats().connections == 0; });
  until([&] { return store_->stats().open_failures > 0; });
  EXPECT_EQ(owns("c1").error(), StoreError::unavailable);
  server->start();
  until([&] { return store_->stats().connections == 1; });
  EXPECT_EQ(owns("c1"), true);
}

TEST_F(PostgresStoreTest, questions_under_way_when_it_is_killed_are_answered) {
  options_.owner_query = kSlowQuery;
  options_.reconnect_max = milliseconds(200);
  open_and_wait();
  for (int i = 0; i < 10; ++i) ask("2");
  until([&] { return store_->stats().busy == options_.connections_max; });
  server->kill();
  until([&] { return answers_.size() == 10; });
  EXPECT_THAT(answers_, Each(Eq(Result<bool>(fail(StoreError::unavailable)))));
  server->start();
  until([&] { return store_->stats().connections == 1; });
  EXPECT_EQ(owns("0"), true);
}

TEST_F(PostgresStoreTest, a_question_whose_connection_is_lost_is_asked_again) {
  options_.owner_query = kSlowQuery;
  open_and_wait();
  ask("0.5");
  until([&] { return store_->stats().busy == 1; });
  server->run(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'outcry'");
  until([&] { return answers_.size() == 1; });
  EXPECT_EQ(answers_.front(), Result<bool>(true));
}

TEST_F(PostgresStoreTest, its_end_answers_everything) {
  options_.owner_query = kSlowQuery;
  options_.connections_max = 1;
  open_and_wait();
  ask("5");
  ask("5");
  until([&] { return store_->stats().busy == 1; });
  store_.reset();
  until([&] { return answers_.size() == 2; });
  EXPECT_THAT(answers_, Each(Result<bool>(fail(StoreError::stopped))));
}

// ---- TLS ----

TEST_F(PostgresStoreTest, a_certificate_is_checked_where_the_url_says_so) {
  const net::test::TestDirectory directory;
  const net::test::Pem pem = net::test::make_certificate();
  const net::test::Pem other = net::test::make_certificate();
  const std::string root = directory.write("root.pem", pem.certificate);
  const std::string wrong = directory.write("wrong.pem", other.certificate);
  const auto install = [](const std::string& name, const std::string& text) {
    const net::test::TestDirectory temporary;
    std::filesystem::copy_file(temporary.write(name, text), server->data() / name);
    std::filesystem::permissions(server->data() / name, std::filesystem::perms::owner_read |
                                                            std::filesystem::perms::owner_write);
  };
  install("server.crt", pem.certificate);
  install("server.key", pem.key);
  server->kill();
  server->start({"ssl=on"});
  open("localhost", "?sslmode=verify-full&sslrootcert=" + root);
  EXPECT_EQ(owns("c1"), true);
  open("127.0.0.1", "?sslmode=verify-full&sslrootcert=" + root);
  EXPECT_EQ(owns("c1"), true) << "the certificate names the address too";
  open("localhost", "?sslmode=verify-full&sslrootcert=" + wrong);
  EXPECT_EQ(owns("c1").error(), StoreError::unavailable);
  server->kill();
  server->start();
  open("localhost", "?sslmode=require");
  EXPECT_EQ(owns("c1").error(), StoreError::unavailable) << "the server has no TLS";
}

}  // namespace
}  // namespace outcry::store
