#include "store/postgres_url.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outcry::store {
namespace {

using testing::Contains;
using testing::HasSubstr;
using testing::Not;
using testing::Pair;

std::string problem(const std::string& url) {
  return postgres_url_problem(url).value_or("");
}

TEST(PostgresUrl, is_what_libpq_takes) {
  EXPECT_TRUE(is_postgres_url("postgresql://h/d"));
  EXPECT_TRUE(is_postgres_url("postgres://h/d"));
  EXPECT_FALSE(is_postgres_url("sqlite:a"));
  for (const char* url :
       {"postgresql://", "postgresql://h", "postgresql://u:p%40ss@h:5433/d?sslmode=verify-full",
        "postgresql://a:1,b:2/d?target_session_attrs=any", "postgresql://[::1]:5432/d",
        "postgresql://%2Fvar%2Frun%2Fpostgresql/d"}) {
    EXPECT_EQ(problem(url), "") << url;
  }
  const auto parameters = postgres_parameters("postgresql://u:p%40ss@h:5433/d");
  EXPECT_THAT(parameters, Contains(Pair("password", "p@ss")));
  EXPECT_THAT(parameters, Contains(Pair("port", "5433")));
}

TEST(PostgresUrl, a_problem_names_the_remedy) {
  EXPECT_THAT(problem("postgresql://h/d?no_such_option=1"), HasSubstr("no_such_option"));
  EXPECT_THAT(problem("postgresql://h:0/d"), HasSubstr("1 to 65535"));
  EXPECT_THAT(problem("postgresql://h:65536/d"), HasSubstr("1 to 65535"));
  EXPECT_THAT(problem("postgresql://h/d?sslmode=yes"), HasSubstr("verify-full"));
  EXPECT_THAT(problem("postgresql://h/d?service=x"), HasSubstr("service"));
}

TEST(PostgresUrl, no_message_holds_a_part_of_the_password) {
  for (const char* url : {"postgresql://u:geheim/wort@h/d", "postgresql://u:geheim%zz@h/d",
                          "postgresql://u:geheim:wort@h:x/d", "postgresql://u:geheim@h/d?wort",
                          "postgresql://u:geheim@[h/d"}) {
    EXPECT_THAT(problem(url), Not(HasSubstr("geheim"))) << url;
    EXPECT_THAT(problem(url), Not(HasSubstr("wort"))) << url;
    EXPECT_NE(problem(url), "") << url;
  }
  EXPECT_EQ(postgres_url_without_secrets(
                postgres_parameters("postgresql://u:geheim@h:5433/d?password=geheim")),
            "postgresql://h:5433/d");
}

TEST(PostgresUrl, a_query_in_sqlites_words_is_told_postgresqls) {
  EXPECT_FALSE(postgres_query_problem("SELECT 1 FROM c WHERE id = $1 AND user_id = $2"));
  EXPECT_THAT(*postgres_query_problem("SELECT 1 FROM c WHERE id = ?1 AND user_id = ?2"),
              HasSubstr("write them for ?1"));
  EXPECT_THAT(*postgres_query_problem("SELECT 1 FROM c WHERE id = $1"), HasSubstr("$2"));
}

}  // namespace
}  // namespace outcry::store
