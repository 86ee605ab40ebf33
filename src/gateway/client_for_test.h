// gateway/client_for_test.h — a browser's side of a test: blocking, on loopback, one WebSocket.
#pragma once

#include <arpa/inet.h>
#include <array>
#include <cstdint>
#include <netinet/in.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <sys/socket.h>

#include <fmt/format.h>

#include "auth/token_verifier.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "net/unique_fd.h"
#include "protocol/websocket/client_frames.h"

namespace outcry::gateway::test {

inline constexpr std::string_view kSecret = "d9Qm4vT7xKp2sR8yLw3zBn6cJf1gHa5e";

/// A token as the platform signs it: `user_id` for the first generation, `sub` for the second.
inline std::string token_of(std::string_view user, std::string_view claim = "user_id") {
  return auth::mint(
      {.material = std::string(kSecret)},
      {.user = std::string(user), .identity_claim = std::string(claim), .issued_at = wall_now()});
}

class Client {
 public:
  /// Opens an Engine.IO session. Throws if the server doesn't take it.
  explicit Client(std::uint16_t port, std::string_view query = {})
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval patience{.tv_sec = 20};  // a hang ends the test instead of it all
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto* target = reinterpret_cast<const sockaddr*>(&address);
    if (::connect(fd_.get(), target, sizeof(address)) != 0) throw std::runtime_error("connect");
    write(fmt::format(
        "GET /socket.io/?EIO=4&transport=websocket&recovery=0{} HTTP/1.1\r\nHost: here\r\n"
        "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
        query));
    std::size_t end = 0;
    while ((end = in_.find("\r\n\r\n")) == std::string::npos) {
      if (!read_more()) throw std::runtime_error("no answer: " + in_);
    }
    if (!in_.starts_with("HTTP/1.1 101")) throw std::runtime_error(in_);
    in_.erase(0, end + 4);
    if (!receive().starts_with("0{")) throw std::runtime_error("no open packet");
  }

  /// Sends a text message: an Engine.IO packet.
  void send(std::string_view packet) {
    write(websocket::test::client_frame(websocket::Opcode::text, packet));
  }
  void send_binary(std::string_view bytes) {
    write(websocket::test::client_frame(websocket::Opcode::binary, bytes));
  }
  /// The next message's payload, heartbeats left out; "" when the server has closed.
  std::string receive() {
    for (;;) {
      std::uint8_t opcode = 0;
      std::string payload;
      if (!read_frame(opcode, payload) || opcode == 8) return {};
      if (payload == "2") {
        send("3");
        continue;
      }
      return payload;
    }
  }
  /// Sends CONNECT with this token; returns the answer.
  std::string connect(std::string_view token) {
    send(fmt::format(R"(40{{"token":"{}"}})", token));
    return receive();
  }
  /// The same, and the socket's id.
  std::string connect_as(std::string_view user) {
    const std::string answer = connect(token_of(user));
    constexpr std::string_view kStart = "40{\"sid\":\"";
    if (!answer.starts_with(kStart)) throw std::runtime_error("refused: " + answer);
    return answer.substr(kStart.size(), answer.find('"', kStart.size()) - kStart.size());
  }
  /// Ends the connection without a word.
  void drop() { fd_.reset(); }

 private:
  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;  // closed by the server: receive() will tell
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  bool read_more() {
    std::array<char, 16'384> buffer;
    const ssize_t got = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (got > 0) in_.append(buffer.data(), static_cast<std::size_t>(got));
    return got > 0;
  }
  bool have(std::size_t bytes) {
    while (in_.size() < bytes) {
      if (!read_more()) return false;
    }
    return true;
  }
  bool read_frame(std::uint8_t& opcode, std::string& payload) {
    if (!have(2)) return false;
    const auto at = [this](std::size_t i) { return static_cast<std::uint8_t>(in_[i]); };
    opcode = at(0) & 0x0F;
    std::size_t length = at(1) & 0x7F;
    std::size_t header = 2;
    if (length >= 126) {
      header += length == 126 ? 2 : 8;
      if (!have(header)) return false;
      length = 0;
      for (std::size_t i = 2; i < header; ++i) length = length << 8 | at(i);
    }
    if (!have(header + length)) return false;
    payload = in_.substr(header, length);
    in_.erase(0, header + length);
    return true;
  }

  net::UniqueFd fd_;
  std::string in_;
};

}  // namespace outcry::gateway::test
