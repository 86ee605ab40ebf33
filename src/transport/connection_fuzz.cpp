// Whole connections, from their first byte to their last: HTTP, long-polling, the upgrade and
// WebSocket frames, over real sockets and the real loop.
//
//   options · (connection, length, bytes)…     up to four connections of one worker
//
// "$SID" among the bytes stands for the session that was opened last, so that polls, posts and
// upgrades find one. At the end every peer goes: no connection and no session may be left.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <netinet/in.h>
#include <span>
#include <string>
#include <string_view>
#include <sys/socket.h>

#include "net/event_loop.h"
#include "net/tcp.h"
#include "net/unique_fd.h"
#include "transport/endpoint.h"

namespace {

using namespace outcry;
using namespace outcry::transport;

constexpr std::size_t kConnections = 4;
constexpr int kTicksMax = 200;
constexpr std::string_view kSidMark = "$SID";

/// Confirms every session, and answers every text with itself.
class EchoApplication final : public Application {
 public:
  void on_open(EngineSession& session, const OpenRequest&) override { session.confirm(); }
  void on_text(EngineSession& session, std::string_view text) override {
    if (text.size() < 1000) session.send(make_frame("4" + std::string(text)));
  }
  void on_binary(EngineSession&, Bytes) override {}
  void on_close(EngineSession&, CloseReason) override {}
  bool hand_over(WorkerId, HandedOver&&) override { return false; }
  void on_raw_message(Connection&, Bytes, bool) override {}
};

TransportOptions options_of(std::uint8_t bits) {
  TransportOptions options;
  options.deflate = (bits & 1) != 0;
  options.proxy_protocol = (bits & 2) != 0;
  options.polling_packets_max = (bits & 4) != 0 ? 1 : 16;
  if (options.proxy_protocol) {
    options.access.trusted_proxies = {net::IpRange::parse("127.0.0.0/8").value()};
  }
  options.message_bytes_max = 20'000;
  options.unconfirmed_bytes_max = 10'000;
  options.outbox_bytes_max = 50'000;
  options.connections_max = kConnections;
  options.sessions_max = 8;
  return options;
}

class Worker final : net::TickHandler {
 public:
  explicit Worker(std::uint8_t bits)
      : options_(options_of(bits)), endpoint_(loop_, options_, application_, {}, nullptr) {
    auto listener = net::listen_tcp({"127.0.0.1", 0});
    if (!listener) std::abort();
    port_ = net::local_port(listener->get());
    endpoint_.listen(std::move(*listener));
  }

  void feed(std::size_t connection, std::string_view bytes) {
    net::UniqueFd& peer = peers_.at(connection);
    if (!peer.valid()) connect(peer);
    std::string text(bytes);
    for (std::size_t at = 0; (at = text.find(kSidMark, at)) != std::string::npos;) {
      text.replace(at, kSidMark.size(), sid_);
      at += sid_.size();
    }
    // What a full socket doesn't take is lost, as on a line that breaks.
    (void)::send(peer.get(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    tick();
    listen_to(peer);
  }

  /// Every peer goes; aborts unless all that they had goes with them.
  void end() {
    for (const net::UniqueFd& peer : peers_) {
      if (peer.valid()) ::shutdown(peer.get(), SHUT_WR);
    }
    for (int i = 0; i < 3; ++i) tick();
    for (net::UniqueFd& peer : peers_) peer.reset();
    for (int i = 0; i < kTicksMax && endpoint_.connection_count() > 0; ++i) tick();
    endpoint_.close_all(CloseReason::server_shutting_down);
    // A session that polled has nobody to fetch its close packet: that is left to a timer.
    for (int i = 0; i < 3; ++i) tick();
    if (endpoint_.connection_count() > 0) std::abort();
    if (endpoint_.session_count() > options_.sessions_max) std::abort();
  }

 private:
  void connect(net::UniqueFd& peer) {
    peer = net::UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    // Ended by a reset, it leaves no port behind: there are thousands of inputs a second.
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(peer.get(), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto* target = reinterpret_cast<const sockaddr*>(&address);
    if (::connect(peer.get(), target, sizeof(address)) != 0) std::abort();
    for (int i = 0; i < 2; ++i) tick();
  }
  void listen_to(const net::UniqueFd& peer) {
    std::array<char, 4096> buffer;
    for (;;) {
      const ssize_t got = ::recv(peer.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (got <= 0) return;
      const std::string_view text(buffer.data(), static_cast<std::size_t>(got));
      constexpr std::string_view kSid = "\"sid\":\"";
      const std::size_t at = text.find(kSid);
      const std::size_t end = at == text.npos ? text.npos : text.find('"', at + kSid.size());
      if (end != text.npos) sid_ = text.substr(at + kSid.size(), end - at - kSid.size());
    }
  }
  void tick() {
    loop_.wake();  // without one it waits for somebody
    loop_.run(*this);
  }
  bool on_tick_end(TimePoint now) noexcept override {
    (void)endpoint_.end_tick(now);
    loop_.stop();
    return false;
  }

  const TransportOptions options_;
  EchoApplication application_;
  net::EventLoop loop_;
  Endpoint endpoint_;
  std::array<net::UniqueFd, kConnections> peers_;
  std::string sid_ = "none";
  std::uint16_t port_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::span<const std::uint8_t> in(data, size);
  if (in.empty()) return 0;
  Worker worker(in[0]);
  in = in.subspan(1);
  while (in.size() > 3) {
    const std::size_t connection = in[0] % kConnections;
    const std::size_t length =
        std::min<std::size_t>(static_cast<std::size_t>(in[1]) << 8 | in[2], in.size() - 3);
    worker.feed(connection, {reinterpret_cast<const char*>(in.data()) + 3, length});
    in = in.subspan(3 + length);
  }
  worker.end();
  return 0;
}
