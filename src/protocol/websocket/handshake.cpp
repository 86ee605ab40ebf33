#include "protocol/websocket/handshake.h"

#include <array>

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "base/assert.h"
#include "base/base64.h"
#include "base/bytes.h"

namespace outcry::websocket {

Result<void> check_upgrade(const UpgradeRequest& request) {
  constexpr std::size_t kKeyText = 24;
  constexpr std::size_t kKeyBytes = 16;
  if (!request.is_get) return fail(WebSocketError::method_not_get);
  if (!request.is_http_1_1) return fail(WebSocketError::http_version_too_old);
  if (!request.upgrades_to_websocket) return fail(WebSocketError::not_an_upgrade);
  if (request.version != kVersion) return fail(WebSocketError::unsupported_version);
  if (request.key.size() != kKeyText) return fail(WebSocketError::invalid_key);
  const auto nonce = base64_decode(request.key);
  if (!nonce || nonce->size() != kKeyBytes) return fail(WebSocketError::invalid_key);
  return {};
}

std::string accept_value(std::string_view key) {
  constexpr std::string_view kProtocolGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::string text;
  text.reserve(key.size() + kProtocolGuid.size());
  text.append(key).append(kProtocolGuid);
  // SHA1() would look the algorithm up for each connection, which costs more than the hash.
  static EVP_MD* const sha1 = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
  const bool done = sha1 != nullptr && EVP_Digest(text.data(), text.size(), digest.data(), nullptr,
                                                  sha1, nullptr) == 1;
  OUTCRY_ASSERT(done);
  return base64_encode(std::as_bytes(std::span(digest)));
}

void append_switching_protocols(std::string& out, const UpgradeResponse& response) {
  constexpr std::size_t kFixedPart = 256;  // more than the lines below; short of it, it only grows
  out.reserve(out.size() + kFixedPart + response.extensions.size() + response.protocol.size() +
              response.header_lines.size());
  out.append(
      "HTTP/1.1 101 Switching Protocols\r\n"
      "Upgrade: websocket\r\n"
      "Connection: Upgrade\r\n"
      "Sec-WebSocket-Accept: ");
  out.append(accept_value(response.key)).append("\r\n");
  if (!response.extensions.empty()) {
    out.append("Sec-WebSocket-Extensions: ").append(response.extensions).append("\r\n");
  }
  if (!response.protocol.empty()) {
    out.append("Sec-WebSocket-Protocol: ").append(response.protocol).append("\r\n");
  }
  out.append(response.header_lines).append("\r\n");
}

}  // namespace outcry::websocket
