#include "audit/signing_key.h"

#include <sys/stat.h>

#include <gtest/gtest.h>

#include "audit/audit_error.h"
#include "audit/trail_for_test.h"

namespace outcry::audit {
namespace {

class SigningKeyTest : public test::TrailTest {};

TEST_F(SigningKeyTest, it_is_made_once_and_readable_by_its_owner_alone) {
  const auto path = root_ / "audit.key";
  EXPECT_EQ(SigningKey::load(path).error(), std::errc::no_such_file_or_directory);
  const auto made = SigningKey::load_or_make(path);
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_TRUE(made->is_new());
  struct stat status{};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
  const auto again = SigningKey::load_or_make(path);
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->is_new());
  EXPECT_EQ(again->public_key().base64(), made->public_key().base64());
}

TEST_F(SigningKeyTest, what_it_signs_its_public_half_verifies_and_nothing_else) {
  const auto key = SigningKey::load_or_make(root_ / "audit.key");
  const auto other = SigningKey::load_or_make(root_ / "other.key");
  ASSERT_TRUE(key && other);
  const std::string signature = key->sign("text");
  EXPECT_EQ(signature.size(), 88U);
  EXPECT_TRUE(key->public_key().verifies("text", signature));
  EXPECT_FALSE(key->public_key().verifies("texT", signature));
  EXPECT_FALSE(key->public_key().verifies("text", other->sign("text")));
  EXPECT_FALSE(key->public_key().verifies("text", ""));
  EXPECT_FALSE(other->public_key().verifies("text", signature));
}

TEST_F(SigningKeyTest, the_public_half_travels_as_pem_and_as_base64) {
  const auto key = SigningKey::load_or_make(root_ / "audit.key");
  ASSERT_TRUE(key);
  const std::string signature = key->sign("text");
  const auto pem = PublicKey::from_pem(key->public_key().pem());
  const auto base64 = PublicKey::from_base64(key->public_key().base64());
  ASSERT_TRUE(pem && base64);
  EXPECT_TRUE(pem->verifies("text", signature));
  EXPECT_TRUE(base64->verifies("text", signature));
  EXPECT_EQ(PublicKey::from_pem("nonsense").error(), AuditError::bad_key);
  EXPECT_FALSE(PublicKey::from_base64("AAAA"));
}

TEST_F(SigningKeyTest, a_key_that_others_can_read_or_that_is_none_is_refused) {
  const auto path = root_ / "audit.key";
  ASSERT_TRUE(SigningKey::load_or_make(path));
  ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
  EXPECT_EQ(SigningKey::load_or_make(path).error(), AuditError::key_readable);
  test::set_text(path, "nonsense");
  ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
  EXPECT_EQ(SigningKey::load_or_make(path).error(), AuditError::bad_key);
  EXPECT_EQ(test::text_of(path), "nonsense") << "it must not be replaced";
}

}  // namespace
}  // namespace outcry::audit
