#include "load/token.h"

#include <gtest/gtest.h>

namespace outcry::bench {
namespace {

TEST(Token, equals_what_another_library_signs) {
  // jwt.encode({'user_id':'user-0000001','iat':1700000000,'exp':1700003600}, 'a secret of at least
  // 32 bytes...')
  EXPECT_EQ(
      mint_token("a secret of at least 32 bytes...", "user-0000001", 1'700'000'000, 1'700'003'600),
      "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
      "eyJ1c2VyX2lkIjoidXNlci0wMDAwMDAxIiwiaWF0IjoxNzAwMDAwMDAwLCJleHAiOjE3MDAwMDM2MDB9."
      "CPrqSidy955l1FiqtlzYvD8xGPIcH1UMHLTTrLQGP60");
}

}  // namespace
}  // namespace outcry::bench
