#include "gateway/codes.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "auth/auth_error.h"
#include "gateway/reference_page_for_test.h"

namespace outcry::gateway {
namespace {

TEST(CodesTest, the_table_is_in_the_order_of_the_codes) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < code_table().size(); ++i) {
    const CodeRow& row = code_table()[i];
    EXPECT_EQ(static_cast<std::size_t>(row.code), i);
    EXPECT_EQ(&row_of(row.code), &row);
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_EQ(row.name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_"), std::string_view::npos);
    // Written into JSON as they are.
    EXPECT_EQ(row.message.find_first_of("\"\\"), std::string_view::npos) << row.name;
  }
  EXPECT_EQ(code_table().back().code, Code::unavailable) << "the last code has a row";
}

TEST(CodesTest, the_reference_page_has_these_rows) {
  std::vector<test::TableRow> expected;
  for (const CodeRow& row : code_table()) {
    expected.push_back(
        {std::string(row.name), std::string(row.message), row.retryable ? "yes" : "no"});
  }
  EXPECT_THAT(test::table_of(OUTCRY_REFERENCE "/codes.md", "## Refusals"),
              testing::ElementsAreArray(expected));
}

TEST(CodesTest, every_refused_token_has_a_code) {
  using auth::AuthError;
  EXPECT_EQ(code_for_token(AuthError::missing), Code::token_missing);
  EXPECT_EQ(code_for_token(AuthError::expired), Code::token_expired);
  EXPECT_EQ(code_for_token(AuthError::too_old), Code::token_expired);
  EXPECT_EQ(code_for_token(AuthError::not_yet_valid), Code::token_not_yet_valid);
  EXPECT_EQ(code_for_token(AuthError::refresh_token), Code::token_refresh);
  EXPECT_EQ(code_for_token(std::make_error_code(std::errc::io_error)), Code::token_invalid);
}

TEST(CodesTest, a_connect_error_says_whether_to_try_again) {
  EXPECT_EQ(connect_error_data(Code::token_not_yet_valid),
            R"({"code":"token_not_yet_valid","retryable":true})");
  EXPECT_EQ(connect_error_data(Code::token_invalid),
            R"({"code":"token_invalid","retryable":false})");
}

TEST(CodesTest, a_refusal_by_a_limit_says_when_to_come_again) {
  using limits::Limit;
  EXPECT_EQ(code_for_limit(Limit::user_sockets), Code::user_limit);
  EXPECT_EQ(code_for_limit(Limit::address_sockets), Code::address_limit);
  EXPECT_EQ(code_for_limit(Limit::user_ban), Code::banned);
  EXPECT_EQ(code_for_limit(Limit::address_ban), Code::banned);
  EXPECT_EQ(code_for_limit(Limit::user_packets), Code::rate_limited);
  EXPECT_EQ(connect_error_data(Code::user_limit, std::chrono::milliseconds(1500)),
            R"({"code":"user_limit","retryable":true,"retry_after_ms":1500})");
}

}  // namespace
}  // namespace outcry::gateway
