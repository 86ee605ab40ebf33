#include "gateway/gateway_setup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gateway/client_for_test.h"

namespace outcry::gateway {
namespace {

config::Config valid_config() {
  config::Config config;
  config.auth.secret = test::kSecret;
  return config;
}

TEST(GatewaySetupTest, there_is_at_least_one_worker_and_at_most_sixty_four) {
  config::Config config;
  EXPECT_GE(worker_count(config), 1u);
  EXPECT_LE(worker_count(config), kWorkersMax);
  config.server.workers = 3;
  EXPECT_EQ(worker_count(config), 3u);
  config.server.workers = 1000;
  EXPECT_EQ(worker_count(config), kWorkersMax);
}

TEST(GatewaySetupTest, a_worker_may_have_a_quarter_more_than_its_share_but_never_more_than_all) {
  config::Config config;
  config.server.connections_max = 1000;
  config.server.workers = 4;
  EXPECT_EQ(transport_options(config).connections_max, 313u);
  config.server.workers = 1;
  EXPECT_EQ(transport_options(config).connections_max, 1000u);
  config.server.connections_max = 1;
  config.server.workers = 64;
  EXPECT_EQ(transport_options(config).connections_max, 1u);
}

TEST(GatewaySetupTest, workers_leave_files_for_everything_else) {
  config::Config config;
  config.server.connections_max = 1000;
  config.server.workers = 4;
  EXPECT_EQ(transport_options(config, 10'000).connections_max, 313u);
  EXPECT_EQ(file_shortage(config, 10'000), "");
  EXPECT_EQ(transport_options(config, 1'400).connections_max, 270u);  // (1,400 - 320) / 4
  EXPECT_EQ(file_shortage(config, 1'400), "");
  EXPECT_EQ(transport_options(config, 1'000).connections_max, 170u);
  EXPECT_THAT(file_shortage(config, 1'000), testing::HasSubstr("takes 170 connections"));
  EXPECT_EQ(transport_options(config, 200).connections_max, 25u);  // half is for clients
  EXPECT_EQ(transport_options(config, 4).connections_max, 1u);
}

TEST(GatewaySetupTest, every_option_of_the_transport_comes_from_its_key) {
  config::Config config;
  config.server.path = "/live/";
  config.server.allowed_origins = {"https://app.example.com"};
  config.server.trusted_proxies = {"10.0.0.0/8", "::1"};
  config.server.proxy_protocol = "required";
  config.server.header_bytes_max = 1;
  config.server.headers_max = 2;
  config.server.pipelined_requests_max = 3;
  config.server.request_timeout = milliseconds(4);
  config.server.keep_alive_timeout = milliseconds(5);
  config.server.accept_batch_max = 14;
  config.server.accept_late = milliseconds(15);
  config.server.accept_pause = milliseconds(16);
  config.engine.ping_interval = milliseconds(6);
  config.engine.ping_timeout = milliseconds(7);
  config.engine.upgrade_timeout = milliseconds(8);
  config.engine.connect_timeout = milliseconds(9);
  config.engine.max_payload_bytes = 10;
  config.engine.polling_packets_max = 11;
  config.engine.outbox_bytes_max = 12;
  config.engine.deflate_min_bytes = 13;
  config.engine.permessage_deflate = true;
  config.engine.transports = {"websocket"};
  const transport::TransportOptions options = transport_options(config);
  EXPECT_EQ(options.engine_paths, config::Strings{"/live/"});
  EXPECT_EQ(options.access.allowed_origins, config.server.allowed_origins);
  EXPECT_EQ(options.access.trusted_proxies.size(), 2u);
  EXPECT_TRUE(options.proxy_protocol);
  EXPECT_FALSE(options.access.plain_http);
  EXPECT_EQ(options.access.hsts_max_age, config.server.hsts_max_age);
  EXPECT_EQ(options.head_bytes_max, 1u);
  EXPECT_EQ(options.headers_max, 2u);
  EXPECT_EQ(options.pipelined_requests_max, 3u);
  EXPECT_EQ(options.request_timeout, milliseconds(4));
  EXPECT_EQ(options.keep_alive_timeout, milliseconds(5));
  EXPECT_EQ(options.accepts_per_tick, 14u);
  EXPECT_EQ(options.accept_late_tick, milliseconds(15));
  EXPECT_EQ(options.accept_pause, milliseconds(16));
  EXPECT_EQ(options.ping_interval, milliseconds(6));
  EXPECT_EQ(options.ping_timeout, milliseconds(7));
  EXPECT_EQ(options.upgrade_timeout, milliseconds(8));
  EXPECT_EQ(options.confirm_timeout, milliseconds(9));
  EXPECT_EQ(options.message_bytes_max, 10u);
  EXPECT_EQ(options.polling_packets_max, 11u);
  EXPECT_EQ(options.outbox_bytes_max, 12u);
  EXPECT_EQ(options.deflate_bytes_min, 13u);
  EXPECT_TRUE(options.deflate);
  EXPECT_TRUE(options.websocket);
  EXPECT_FALSE(options.polling);
}

TEST(GatewaySetupTest, the_rules_know_tokens_rooms_and_namespaces) {
  config::Config config = valid_config();
  config.socketio.namespaces = {"/", "/admin"};
  config.socketio.attachments_max = 3;
  const SharedRules rules = shared_rules(config);
  EXPECT_EQ(rules.namespace_id("/admin"), NamespaceId{1});
  EXPECT_EQ(rules.namespace_id("/other"), std::nullopt);
  EXPECT_EQ(rules.namespace_id(""), std::nullopt);
  EXPECT_EQ(rules.packet_limits.attachments_max, 3u);
  EXPECT_TRUE(rules.verifier->verify(test::token_of("alice"), wall_now()));
  EXPECT_EQ(rules.rooms.match("challenge_7")->access, auth::RoomAccess::owner);
  EXPECT_EQ(rules.rooms.match("user_alice")->access, auth::RoomAccess::user);
  EXPECT_EQ(rules.rooms.match("market_updates")->access, auth::RoomAccess::everyone);
  EXPECT_FALSE(rules.rooms.match("anything_else"));
}

TEST(GatewaySetupTest, what_can_not_be_used_is_a_config_error) {
  config::Config config = valid_config();
  config.rooms.owner = {"{id}"};
  EXPECT_THROW((void)shared_rules(config), config::ConfigError);
  config.server.static_dir = "/does/not/exist";
  EXPECT_THROW((void)static_files(config), config::ConfigError);
  config.server.static_dir.clear();
  EXPECT_TRUE(static_files(config).empty());
}

}  // namespace
}  // namespace outcry::gateway
