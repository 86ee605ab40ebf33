#include "protocol/websocket/handshake.h"

#include <gtest/gtest.h>

namespace outcry::websocket {
namespace {

constexpr UpgradeRequest kGood{.is_get = true,
                               .is_http_1_1 = true,
                               .upgrades_to_websocket = true,
                               .version = "13",
                               .key = "dGhlIHNhbXBsZSBub25jZQ=="};

std::error_code error_of(const UpgradeRequest& request) {
  const Result<void> checked = check_upgrade(request);
  return checked ? std::error_code{} : checked.error();
}

TEST(Handshake, each_broken_rule_has_its_cause_and_status) {
  EXPECT_FALSE(error_of(kGood));
  UpgradeRequest request = kGood;
  request.is_get = false;
  EXPECT_EQ(error_of(request), WebSocketError::method_not_get);
  EXPECT_EQ(status_for(WebSocketError::method_not_get), 405);
  request = kGood;
  request.is_http_1_1 = false;
  EXPECT_EQ(error_of(request), WebSocketError::http_version_too_old);
  request = kGood;
  request.upgrades_to_websocket = false;
  EXPECT_EQ(error_of(request), WebSocketError::not_an_upgrade);
  for (const std::string_view version : {"", "8", "013", "13, 8", "14"}) {
    request = kGood;
    request.version = version;
    EXPECT_EQ(error_of(request), WebSocketError::unsupported_version) << version;
  }
  EXPECT_EQ(status_for(WebSocketError::unsupported_version), 426);
  EXPECT_EQ(status_for(WebSocketError::not_an_upgrade), 400);
}

TEST(Handshake, a_key_is_sixteen_bytes_in_base64) {
  for (const std::string_view key :
       {"", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ===", "dGhlIHNhbXBsZSBub25jZQAA",
        "dGhlIHNhbXBsZSBub25jZQA=", "dGhlIHNhbXBsZSBub25jZR==", "dGhlIHNhbXBsZSBub25jZ!==",
        "dGhlIHNhbXBsZSBub25j ZQ=", "dGhlIHNhbXBsZSBub2-jZQ=="}) {
    UpgradeRequest request = kGood;
    request.key = key;
    EXPECT_EQ(error_of(request), WebSocketError::invalid_key) << key;
  }
}

TEST(Handshake, the_answer_to_the_rfcs_example) {
  EXPECT_EQ(accept_value(kGood.key), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  std::string out;
  append_switching_protocols(out, {.key = kGood.key});
  EXPECT_EQ(out,
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
  out.clear();
  append_switching_protocols(out, {.key = kGood.key,
                                   .extensions = "permessage-deflate",
                                   .protocol = "chat",
                                   .header_lines = "Vary: Origin\r\n"});
  EXPECT_TRUE(
      out.ends_with("Sec-WebSocket-Extensions: permessage-deflate\r\n"
                    "Sec-WebSocket-Protocol: chat\r\nVary: Origin\r\n\r\n"));
}

}  // namespace
}  // namespace outcry::websocket
