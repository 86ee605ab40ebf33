#include "protocol/http/target.h"

#include <gtest/gtest.h>

#include "protocol/http/header_list.h"

namespace outcry::http {
namespace {

TEST(Target, parameters_are_found_and_decoded) {
  const std::string_view query = "EIO=4&&tr%61nsport=polling&room=a+b%2Bc&room=second&b64&t=";
  EXPECT_EQ(find_parameter(query, "EIO"), "4");
  EXPECT_EQ(find_parameter(query, "transport"), "polling");
  EXPECT_EQ(find_parameter(query, "room"), "a b+c");  // the first one
  EXPECT_EQ(find_parameter(query, "b64"), "");
  EXPECT_EQ(find_parameter(query, "t"), "");
  EXPECT_EQ(find_parameter(query, "eio"), std::nullopt);
  EXPECT_EQ(find_parameter("", ""), std::nullopt);
}

TEST(Target, a_broken_escape_stays_as_it_is) {
  EXPECT_EQ(percent_decode("%"), "%");
  EXPECT_EQ(percent_decode("%4"), "%4");
  EXPECT_EQ(percent_decode("%4g%zz%41"), "%4g%zzA");
  EXPECT_EQ(percent_decode("%00%ff"), std::string("\0\xff", 2));
  EXPECT_EQ(percent_decode("%%41"), "%A");
}

TEST(Target, what_follows_the_last_counted_parameter_is_ignored) {
  std::string query;
  for (std::size_t i = 1; i < kParametersMax; ++i) query += "x&";
  EXPECT_EQ(find_parameter(query + "sid=1", "sid"), "1");
  EXPECT_EQ(find_parameter(query + "x&sid=1", "sid"), std::nullopt);
}

TEST(HeaderList, tokens_are_found_without_regard_to_case) {
  EXPECT_TRUE(list_has_token("keep-alive, Upgrade", "upgrade"));
  EXPECT_TRUE(list_has_token(",\t upgrade ,", "upgrade"));
  EXPECT_FALSE(list_has_token("upgraded, up grade", "upgrade"));
  EXPECT_FALSE(list_has_token("", "upgrade"));
  EXPECT_FALSE(list_has_token("upgrade;q=1", "upgrade"));
}

}  // namespace
}  // namespace outcry::http
