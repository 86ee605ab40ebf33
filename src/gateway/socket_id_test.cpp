#include "gateway/socket_id.h"

#include <gtest/gtest.h>

namespace outcry::gateway {
namespace {

TEST(SocketIdTest, names_its_slot_and_never_repeats) {
  const SocketId id = SocketId::make(0xABCDEF);
  EXPECT_EQ(id.text().size(), kSocketIdLength);
  EXPECT_EQ(SocketId::slot_of(id.text()), 0xABCDEFu);
  EXPECT_NE(SocketId::make(0xABCDEF).text(), id.text());
  EXPECT_EQ(SocketId::slot_of(SocketId::make(0).text()), 0u);
}

TEST(SocketIdTest, a_text_that_can_not_be_one_names_no_slot) {
  for (const char* text :
       {"", "AAAAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAAAAAAA", "challenge_0123456789!",
        "not base64 at all =)", "!AAAAAAAAAAAAAAAAAAA"}) {
    EXPECT_FALSE(SocketId::slot_of(text)) << text;
  }
}

}  // namespace
}  // namespace outcry::gateway
