#include "gateway/http_policy.h"

#include <gtest/gtest.h>

#include "store/owner_store.h"

namespace outcry::gateway {
namespace {

using store::StoreError;

TEST(PolicyAnswer, allows_denies_and_may_say_for_how_long) {
  const auto yes = decode_policy_answer(200, R"({"allow":true})");
  ASSERT_TRUE(yes);
  EXPECT_TRUE(yes->allowed);
  EXPECT_EQ(yes->lifetime, std::nullopt);
  const auto no = decode_policy_answer(200, R"( {"allow": false, "lifetime_ms": 0, "why": "x"} )");
  ASSERT_TRUE(no);
  EXPECT_FALSE(no->allowed);
  EXPECT_EQ(no->lifetime, milliseconds(0));
  EXPECT_EQ(decode_policy_answer(200, R"({"allow":true,"lifetime_ms":86400000})")->lifetime,
            milliseconds(86'400'000));
}

TEST(PolicyAnswer, forbidden_is_a_no_whatever_its_body) {
  for (const char* body : {"", "<html>", R"({"allow":true})"}) {
    const auto answer = decode_policy_answer(403, body);
    ASSERT_TRUE(answer);
    EXPECT_FALSE(answer->allowed);
  }
}

TEST(PolicyAnswer, another_status_is_no_answer) {
  for (const unsigned status : {201U, 204U, 301U, 400U, 401U, 404U, 429U, 500U, 503U}) {
    EXPECT_EQ(decode_policy_answer(status, R"({"allow":true})").error(), StoreError::unavailable)
        << status;
  }
}

TEST(PolicyAnswer, anything_but_a_clear_word_is_none) {
  for (const char* body :
       {"", "true", "[]", "{}", R"({"allow":1})", R"({"allow":"true"})", R"({"allow":null})",
        R"({"Allow":true})", R"({"allow":true,"allow":false})", R"({"allow":true}x)",
        R"({"allow":true,"lifetime_ms":-1})", R"({"allow":true,"lifetime_ms":1.5})",
        R"({"allow":true,"lifetime_ms":"1"})", R"({"allow":true,"lifetime_ms":86400001})"}) {
    EXPECT_EQ(decode_policy_answer(200, body).error(), StoreError::bad_answer) << body;
  }
}

}  // namespace
}  // namespace outcry::gateway
