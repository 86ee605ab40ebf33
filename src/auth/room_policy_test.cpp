#include "auth/room_policy.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace outcry::auth {
namespace {

RoomPolicy platform() {
  auto policy = RoomPolicy::create({{"challenge_{id}", RoomAccess::owner},
                                    {"user_{id}", RoomAccess::user},
                                    {"symbol_{id}", RoomAccess::everyone},
                                    {"market_updates", RoomAccess::everyone}});
  EXPECT_TRUE(policy.has_value());
  return *std::move(policy);
}

TEST(RoomPolicy, a_room_has_its_templates_policy_and_object) {
  const RoomPolicy policy = platform();
  const auto challenge = policy.match("challenge_3f2a-11");
  ASSERT_TRUE(challenge);
  EXPECT_EQ(challenge->access, RoomAccess::owner);
  EXPECT_EQ(challenge->object_id, "3f2a-11");
  const auto user = policy.match("user_u1");
  ASSERT_TRUE(user);
  EXPECT_EQ(user->access, RoomAccess::user);
  EXPECT_EQ(user->object_id, "u1");
  const auto market = policy.match("market_updates");
  ASSERT_TRUE(market);
  EXPECT_EQ(market->access, RoomAccess::everyone);
  EXPECT_EQ(market->object_id, "");
}

TEST(RoomPolicy, what_no_template_describes_is_denied) {
  const RoomPolicy policy = platform();
  for (const char* room : {"", "challenge", "challenge_", "Challenge_1", " challenge_1",
                           "market_updates2", "market_update", "admin", "user_", "challenge_a b",
                           "challenge_a/b", "challenge_a\nb", "challenge_\xc3\xa9", "user_*"}) {
    EXPECT_FALSE(policy.match(room)) << room;
  }
  EXPECT_FALSE(policy.match(std::string("challenge_a\0", 12)));
  EXPECT_FALSE(RoomPolicy().match("market_updates"));
}

TEST(RoomPolicy, an_object_id_has_1_to_128_bytes) {
  const RoomPolicy policy = platform();
  EXPECT_TRUE(policy.match("challenge_" + std::string(128, 'a')));
  EXPECT_FALSE(policy.match("challenge_" + std::string(129, 'a')));
  EXPECT_TRUE(is_object_id("AZaz09_.:-"));
}

TEST(RoomPolicy, the_longest_literal_decides) {
  const auto policy = RoomPolicy::create({{"team_{id}", RoomAccess::everyone},
                                          {"team_private_{id}", RoomAccess::owner},
                                          {"team_private_lobby", RoomAccess::everyone}});
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->match("team_7")->access, RoomAccess::everyone);
  EXPECT_EQ(policy->match("team_private_7")->access, RoomAccess::owner);
  EXPECT_EQ(policy->match("team_private_lobby")->access, RoomAccess::everyone);
  EXPECT_EQ(policy->match("team_private_lobby2")->access, RoomAccess::owner);
}

TEST(RoomPolicy, a_whole_name_comes_before_a_template_with_the_same_literal) {
  const auto policy =
      RoomPolicy::create({{"desk:{id}", RoomAccess::owner}, {"desk:", RoomAccess::everyone}});
  ASSERT_TRUE(policy);
  EXPECT_EQ(policy->match("desk:")->access, RoomAccess::everyone);
  EXPECT_EQ(policy->match("desk:1")->access, RoomAccess::owner);
}

TEST(RoomPolicy, a_template_that_is_too_wide_or_broken_is_refused) {
  for (const char* text : {"", "{id}", "a{", "a{}", "a{id", "a{id}b", "a}", "a{i}{d}", "a b{id}",
                           "a{i d}", "a{{id}}"}) {
    EXPECT_EQ(check_room_template({text, RoomAccess::everyone}), AuthError::room_template) << text;
    EXPECT_FALSE(RoomPolicy::create({{text, RoomAccess::everyone}})) << text;
  }
  // Nobody can own a room that names no object.
  EXPECT_FALSE(RoomPolicy::create({{"lobby", RoomAccess::owner}}));
  EXPECT_FALSE(RoomPolicy::create({{"lobby", RoomAccess::user}}));
}

TEST(RoomPolicy, a_whole_name_may_have_any_policy_that_needs_no_object) {
  for (const RoomAccess access : {RoomAccess::grant, RoomAccess::http, RoomAccess::http_open}) {
    const auto policy = RoomPolicy::create({{"lobby", access}});
    ASSERT_TRUE(policy);
    EXPECT_EQ(policy->match("lobby")->access, access);
  }
}

TEST(RoomPolicy, a_list_has_whole_names_and_beginnings) {
  const std::vector<std::string> listed{"desk_7", "team_a*", "x*y"};
  for (const char* room : {"desk_7", "team_a", "team_alpha"}) {
    EXPECT_TRUE(lists_room(listed, room)) << room;
  }
  for (const char* room : {"desk_70", "desk_", "team_", "team_b", "", "xy", "x_y"}) {
    EXPECT_FALSE(lists_room(listed, room)) << room;
  }
  EXPECT_TRUE(lists_room(std::vector<std::string>{"*"}, "anything"));
  EXPECT_FALSE(lists_room({}, "anything"));
}

TEST(RoomPolicy, a_room_name_is_bounded_and_plain) {
  EXPECT_TRUE(is_room_name("chat/7#a_b.c:d-e"));
  EXPECT_TRUE(is_room_name(std::string(256, 'a')));
  EXPECT_FALSE(is_room_name(std::string(257, 'a')));
  for (const char* bad : {"", "a b", "a\"b", "a\n", "\xc3\xa9"})
    EXPECT_FALSE(is_room_name(bad)) << bad;
}

TEST(RoomPolicy, two_policies_for_the_same_rooms_are_refused) {
  EXPECT_FALSE(
      RoomPolicy::create({{"a_{id}", RoomAccess::owner}, {"a_{other}", RoomAccess::everyone}}));
}

}  // namespace
}  // namespace outcry::auth
