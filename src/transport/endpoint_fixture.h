// transport/endpoint_fixture.h — an endpoint on a loopback socket, its loop driven by the test.
//
//   TestClient ── real TCP ── Endpoint ── RecordingApplication
//        └──────── until(condition) ticks the workers' loops ────────┘
//
// With OUTCRY_TEST_TLS in the environment every worker speaks TLS, and its clients with it: the
// same tests, one layer more.
//
// For tests only. Nothing waits for a time: the loops tick until what is expected has happened, or
// until a deadline that a correct endpoint never meets.
#pragma once

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <functional>
#include <initializer_list>
#include <memory>
#include <netinet/in.h>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "net/tcp.h"
#include "net/tls_for_test.h"
#include "protocol/websocket/client_frames.h"
#include "transport/endpoint.h"

namespace outcry::transport::test {

inline constexpr std::string_view kPolling = "/socket.io/?EIO=4&transport=polling";
inline constexpr std::string_view kWebSocket = "/socket.io/?EIO=4&transport=websocket";

class RecordingApplication final : public Application {
 public:
  std::optional<TurnedAway> may_connect(const net::IpAddress&) override { return no_connection; }
  void on_connect(const net::IpAddress&) override { ++connected; }
  void on_disconnect(const net::IpAddress&) noexcept override { --connected; }
  std::optional<TurnedAway> may_open(const net::IpAddress& client) override {
    asked_for.push_back(client.text());
    return no_session;
  }
  void on_refused(const RefusedRequest& request) override {
    const bool by_origin = request.cause == RefusedRequest::Cause::origin;
    refused.push_back(fmt::format("{} {} {}", by_origin ? "origin" : "plain_http",
                                  request.client.text(), request.origin));
  }
  void on_open(EngineSession& session, const OpenRequest& request) override {
    opened.push_back(session.id());
    addresses.push_back(request.peer_address.text());
    user_agents.emplace_back(request.user_agent);
    if (confirms) session.confirm();
    if (when_opened) when_opened(session);
  }
  void on_text(EngineSession& session, std::string_view text) override {
    texts.emplace_back(text);
    if (when_text) when_text(session, text);
  }
  void on_binary(EngineSession&, Bytes bytes) override { binaries.emplace_back(as_text(bytes)); }
  void on_close(EngineSession&, CloseReason reason) override { closed.push_back(reason); }
  bool hand_over(WorkerId worker, HandedOver&& connection) override {
    return when_handed_over && when_handed_over(worker, std::move(connection));
  }
  void on_api_request(const ApiRequest& request) override {
    api_requests.push_back(fmt::format("{}?{} {} {}", request.path, request.query,
                                       request.authorization, request.peer_address.text()));
    api_connections.push_back(request.connection);
  }
  void on_raw_message(Connection& connection, Bytes message, bool) override {
    std::string frame;
    websocket::append_frame(frame, websocket::Opcode::text, as_text(message));
    connection.send_framed(frame);
  }

  std::vector<std::string> api_requests;  // "PATH?QUERY AUTHORIZATION ADDRESS"
  std::vector<ConnectionId> api_connections;
  std::vector<std::string> refused;  // "CAUSE ADDRESS ORIGIN"
  bool confirms = true;
  std::optional<TurnedAway> no_connection, no_session;  // nullopt: let in
  int connected = 0;
  std::vector<std::string> asked_for;  // addresses that wanted a session
  std::function<void(EngineSession&)> when_opened;
  std::function<void(EngineSession&, std::string_view)> when_text;
  std::function<bool(WorkerId, HandedOver&&)> when_handed_over;
  std::vector<EngineId> opened;
  std::vector<std::string> addresses;  // of those who opened them
  std::vector<std::string> user_agents;
  std::vector<std::string> texts;
  std::vector<std::string> binaries;
  std::vector<CloseReason> closed;
};

/// Of all workers, so that any resumes what another began.
inline const std::shared_ptr<net::TlsIdentity>& tls_identity() {
  static const std::shared_ptr<net::TlsIdentity> made = net::test::make_identity();
  return made;
}

inline TransportOptions as_this_run_wants(TransportOptions options) {
  if (std::getenv("OUTCRY_TEST_TLS") != nullptr) options.tls = tls_identity();
  return options;
}

class TestWorker final : net::TickHandler {
 public:
  explicit TestWorker(TransportOptions with = {}, WorkerId id = 0,
                      const StaticFiles* files = nullptr)
      : options(as_this_run_wants(std::move(with))),
        endpoint(loop, options, application, {.worker = id}, files) {
    auto listener = net::listen_tcp({"127.0.0.1", 0});
    if (!listener) throw std::system_error(listener.error());
    port = net::local_port(listener->get());
    endpoint.listen(std::move(*listener));
  }

  /// One tick of the loop.
  void tick() { loop.run(*this); }
  /// The session that was opened last, or nullptr if it is gone.
  EngineSession* session() {
    return application.opened.empty() ? nullptr : endpoint.find(application.opened.back());
  }
  const TransportStats& stats() const { return endpoint.stats(); }
  std::uint64_t closed_by(CloseReason reason) const {
    return stats().sessions_closed[static_cast<std::size_t>(reason)];
  }

  const TransportOptions options;
  RecordingApplication application;
  net::EventLoop loop;
  Endpoint endpoint;
  std::uint16_t port = 0;
  std::chrono::seconds late_by{0};  // ticks seem to have taken this much longer

 private:
  bool on_tick_end(TimePoint now) noexcept override {
    (void)endpoint.end_tick(now - late_by);
    loop.stop();
    return false;
  }
};

/// Ticks the workers until the condition holds; false if it never does.
inline bool until(std::initializer_list<TestWorker*> workers, const std::function<bool()>& holds) {
  const TimePoint deadline = steady_now() + std::chrono::seconds(20);
  while (!holds()) {
    if (steady_now() > deadline) return false;
    for (TestWorker* worker : workers) worker->tick();
  }
  return true;
}

struct Response {
  int status = 0;
  std::string head;
  std::string body;
  bool has(std::string_view line) const { return head.find(line) != std::string::npos; }
};

/// A frame from the server; `close_code` of a close frame.
struct ServerFrame {
  websocket::Opcode opcode{};
  bool compressed = false;
  std::string payload;
  int close_code() const {
    if (opcode != websocket::Opcode::close || payload.size() < 2) return 0;
    return static_cast<unsigned char>(payload[0]) << 8 | static_cast<unsigned char>(payload[1]);
  }
};

class TestClient {
 public:
  /// `receive_bytes`: of the socket's buffer, 0 for the system's; small to play a slow reader.
  explicit TestClient(TestWorker& worker, int receive_bytes = 0)
      : worker_(worker), fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_bytes > 0) {
      ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receive_bytes, sizeof(receive_bytes));
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(worker.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto* target = reinterpret_cast<const sockaddr*>(&address);
    if (::connect(fd_.get(), target, sizeof(address)) != 0) {
      throw std::system_error(errno, std::system_category(), "connect");
    }
    if (worker.options.tls) start_tls({});
  }

  /// Speaks TLS from here on, as this client would.
  void start_tls(const net::test::TlsClient::Options& options) {
    tls_ = std::make_unique<net::test::TlsClient>(options);
  }
  /// Goes out as it is before all else, a TLS handshake included.
  void begin_with(std::string_view bytes) { to_send_ += bytes; }
  /// What is sent from here on goes out as it is.
  void stop_tls() { tls_.reset(); }
  /// Says close_notify, and leaves the connection open.
  void close_tls() {
    tls_->close();
    send({});
  }
  [[nodiscard]] const net::test::TlsClient& tls() const { return *tls_; }

  /// Sends all of it, ticking the worker where the socket is full.
  void send(std::string_view bytes) {
    put(bytes);
    ASSERT_TRUE(until({&worker_}, [&] { return sent_all(); }));
  }
  /// Sends what the socket takes now; the rest goes with the next call.
  void send_some(std::string_view bytes) {
    put(bytes);
    (void)sent_all();
  }
  void send_text(std::string_view text) {
    send(websocket::test::client_frame(websocket::Opcode::text, text));
  }

  /// What has arrived and wasn't taken yet.
  std::string& received() {
    std::array<char, 65'536> buffer;
    for (;;) {
      const ssize_t got = ::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (got == 0 || (got < 0 && errno != EAGAIN)) ended_ = true;
      if (got <= 0) return received_;
      const std::string_view bytes(buffer.data(), static_cast<std::size_t>(got));
      if (tls_) tls_->feed(bytes);
      received_ += tls_ ? std::exchange(tls_->received, {}) : std::string(bytes);
    }
  }
  /// Whether the server has shut its side, or reset the connection.
  bool ended() {
    received();
    return ended_;
  }
  bool waits_for_end() {
    return until({&worker_}, [&] { return ended(); });
  }

  void shut() {
    if (tls_) close_tls();
    ::shutdown(fd_.get(), SHUT_WR);
  }
  void close() { fd_.reset(); }
  /// Ends the connection by a reset.
  void reset() {
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    close();
  }

  /// The next response; `head_only` for an answer to HEAD.
  Response response(bool head_only = false) { return response({&worker_}, head_only); }
  Response response(std::initializer_list<TestWorker*> workers, bool head_only = false) {
    Response out;
    EXPECT_TRUE(until(workers, [&] { return take_response(out, head_only); }))
        << "received: " << received_;
    return out;
  }
  Response request(std::string_view bytes) {
    send(bytes);
    return response();
  }

  /// The next frame; an empty close frame if none comes before the end.
  ServerFrame frame() { return frame({&worker_}); }
  ServerFrame frame(std::initializer_list<TestWorker*> workers) {
    ServerFrame out{.opcode = websocket::Opcode::close};
    EXPECT_TRUE(until(workers, [&] { return take_frame(out) || ended_; }));
    return out;
  }
  std::string text() { return frame().payload; }

 private:
  void put(std::string_view bytes) {
    if (tls_) return tls_->send(bytes);
    to_send_ += bytes;
  }
  /// Whether nothing is left to send, or nobody to send it to.
  bool sent_all() {
    if (tls_ && !tls_->established()) received();
    if (tls_) to_send_ += tls_->output();
    const ssize_t sent =
        ::send(fd_.get(), to_send_.data(), to_send_.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) return true;
    to_send_.erase(0, static_cast<std::size_t>(std::max<ssize_t>(sent, 0)));
    return ended_ || (to_send_.empty() && (!tls_ || tls_->established()));
  }

  bool take_response(Response& out, bool head_only) {
    const std::string& in = received();
    const std::size_t end = in.find("\r\n\r\n");
    if (end == std::string::npos) return false;
    out.head = in.substr(0, end + 2);
    std::size_t length = 0;
    constexpr std::string_view kLength = "Content-Length: ";
    if (const std::size_t at = out.head.find(kLength); at != std::string::npos && !head_only) {
      std::from_chars(out.head.data() + at + kLength.size(), out.head.data() + out.head.size(),
                      length);
    }
    if (in.size() < end + 4 + length) return false;
    out.status = std::stoi(out.head.substr(9, 3));
    out.body = in.substr(end + 4, length);
    received_.erase(0, end + 4 + length);
    return true;
  }

  bool take_frame(ServerFrame& out) {
    const std::string& in = received();
    if (in.size() < 2) return false;
    const auto byte = [&in](std::size_t i) { return static_cast<unsigned char>(in[i]); };
    std::size_t header = 2, length = byte(1) & 0x7Fu;
    const std::size_t extended = length == 126 ? 2 : length == 127 ? 8 : 0;
    header += extended;
    if (in.size() < header) return false;
    if (extended > 0) length = 0;
    for (std::size_t i = 0; i < extended; ++i) length = length << 8 | byte(2 + i);
    if (in.size() < header + length) return false;
    out = {.opcode = static_cast<websocket::Opcode>(byte(0) & 0x0F),
           .compressed = (byte(0) & 0x40) != 0,
           .payload = in.substr(header, length)};
    received_.erase(0, header + length);
    return true;
  }

  TestWorker& worker_;
  net::UniqueFd fd_;
  std::unique_ptr<net::test::TlsClient> tls_;
  std::string to_send_;
  std::string received_;
  bool ended_ = false;
};

inline std::string get(std::string_view target, std::string_view headers = {}) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: here\r\n{}\r\n", target, headers);
}

inline std::string post(std::string_view target, std::string_view body,
                        std::string_view headers = {}) {
  return fmt::format("POST {} HTTP/1.1\r\nHost: here\r\n{}Content-Length: {}\r\n\r\n{}", target,
                     headers, body.size(), body);
}

inline std::string upgrade(std::string_view target, std::string_view headers = {}) {
  return get(target, fmt::format("Connection: Upgrade\r\nUpgrade: websocket\r\n"
                                 "Sec-WebSocket-Version: 13\r\n"
                                 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n{}",
                                 headers));
}

inline std::string with_sid(std::string_view target, std::string_view sid) {
  return fmt::format("{}&sid={}", target, sid);
}

/// The `sid` of an open packet.
inline std::string sid_of(std::string_view open_packet) {
  constexpr std::string_view kKey = "\"sid\":\"";
  const std::size_t at = open_packet.find(kKey);
  EXPECT_NE(at, std::string_view::npos) << open_packet;
  return std::string(open_packet.substr(at + kKey.size(), engineio::kSessionKeyLength));
}

/// Opens a session by polling; returns its `sid`.
inline std::string open_polling(TestClient& client) {
  const Response response = client.request(get(kPolling));
  EXPECT_EQ(response.status, 200);
  return sid_of(response.body);
}

/// Opens a session by WebSocket; returns its `sid`.
inline std::string open_websocket(TestClient& client, std::string_view headers = {}) {
  EXPECT_EQ(client.request(upgrade(kWebSocket, headers)).status, 101);
  return sid_of(client.text());
}

}  // namespace outcry::transport::test
