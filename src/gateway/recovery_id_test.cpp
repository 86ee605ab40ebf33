#include "gateway/recovery_id.h"

#include <gtest/gtest.h>

#include "gateway/socket_id.h"

namespace outcry::gateway {
namespace {

const std::string kSid(SocketId::make(70'000).text());

TEST(RecoveryId, names_the_socket_that_it_was_made_for) {
  const RecoveryIds ids(RecoveryIds::make_key());
  const std::string pid = ids.make(63, kSid);
  EXPECT_EQ(pid.size(), kRecoveryIdLength);
  const auto named = ids.read(pid);
  ASSERT_TRUE(named);
  EXPECT_EQ(named->worker, 63);
  EXPECT_EQ(named->sid, kSid);
}

TEST(RecoveryId, outlives_a_process_that_keeps_its_key) {
  const RecoveryIds::Key key = RecoveryIds::make_key();
  EXPECT_TRUE(RecoveryIds(key).read(RecoveryIds(key).make(0, kSid)));
  EXPECT_FALSE(RecoveryIds(RecoveryIds::make_key()).read(RecoveryIds(key).make(0, kSid)));
}

TEST(RecoveryId, one_that_was_changed_anywhere_names_nobody) {
  const RecoveryIds ids(RecoveryIds::make_key());
  const std::string pid = ids.make(1, kSid);
  for (std::size_t i = 0; i < pid.size(); ++i) {
    std::string changed = pid;
    changed[i] = changed[i] == 'A' ? 'Q' : 'A';
    EXPECT_FALSE(ids.read(changed)) << i;
  }
  EXPECT_FALSE(ids.read({}));
  EXPECT_FALSE(ids.read(pid + "A"));
  EXPECT_FALSE(ids.read(pid.substr(1)));
  EXPECT_FALSE(ids.read(kSid));
}

TEST(RecoveryId, has_one_text_only) {
  const RecoveryIds ids(RecoveryIds::make_key());
  std::string pid = ids.make(1, kSid);
  // The last character has two bits that mean nothing: only the one form is ours.
  const char last = pid.back();
  for (const char other :
       std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")) {
    pid.back() = other;
    EXPECT_EQ(ids.read(pid).has_value(), other == last) << other;
  }
}

}  // namespace
}  // namespace outcry::gateway
