#include "gateway/positions_for.h"

#include <gtest/gtest.h>

namespace outcry::gateway {
namespace {

bool gets(std::string_view query, std::string_view agent = {}, std::string_view clients = "auto") {
  return gets_positions({.query = query, .user_agent = agent}, clients);
}

constexpr std::string_view kBrowser = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36";

TEST(PositionsFor, the_stock_javascript_client_gets_them) {
  EXPECT_TRUE(gets("EIO=4&transport=websocket", kBrowser));
  EXPECT_TRUE(gets("EIO=4&transport=polling&t=abc", kBrowser));
  EXPECT_TRUE(gets("token=x&EIO=4&transport=websocket", kBrowser)) << "with a query of its own";
  EXPECT_TRUE(gets("EIO=4&transport=websocket")) << "Node.js, WebSocket";
  EXPECT_TRUE(gets("EIO=4&transport=polling&t=abc", "node-XMLHttpRequest"));
  EXPECT_TRUE(gets("EIO=4&transport=polling", "node")) << "fetch";
}

TEST(PositionsFor, clients_that_would_choke_on_them_do_not) {
  EXPECT_FALSE(gets("transport=websocket&EIO=4", "Python/3.11 aiohttp/3.8.4"));
  EXPECT_FALSE(gets("transport=polling&EIO=4&t=1.5", "python-requests/2.28.1"));
  EXPECT_FALSE(gets("transport=websocket&EIO=4")) << "websocket-client says nothing";
  EXPECT_FALSE(gets("token=x&transport=websocket&EIO=4"));
  EXPECT_FALSE(gets("EIO=4&transport=websocket", "Dart/3.2 (dart:io)"));
  EXPECT_FALSE(gets("EIO=4&transport=websocket", "okhttp/4.9.2"));
  EXPECT_FALSE(gets("EIO=4&transport=websocket", "something/1.0"));
  EXPECT_FALSE(gets("EIO=4&token=x&transport=websocket", kBrowser));
  EXPECT_FALSE(gets("EIO=4", kBrowser));
  EXPECT_FALSE(gets("", kBrowser));
}

TEST(PositionsFor, a_client_may_say_so_itself) {
  EXPECT_FALSE(gets("EIO=4&transport=websocket&recovery=0", kBrowser));
  EXPECT_TRUE(gets("recovery=1&transport=websocket&EIO=4", "Python/3.11 aiohttp/3.8.4"));
  EXPECT_TRUE(gets("EIO=4&transport=websocket&recovery=maybe", kBrowser)) << "says nothing";
}

TEST(PositionsFor, the_configuration_may_take_all_or_those_that_ask) {
  EXPECT_TRUE(gets("transport=websocket&EIO=4", "python-requests/2.28.1", "all"));
  EXPECT_FALSE(gets("EIO=4&transport=websocket&recovery=0", kBrowser, "all"));
  EXPECT_FALSE(gets("EIO=4&transport=websocket", kBrowser, "asked"));
  EXPECT_TRUE(gets("EIO=4&transport=websocket&recovery=1", kBrowser, "asked"));
}

}  // namespace
}  // namespace outcry::gateway
