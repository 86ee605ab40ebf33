// tests/conformance/echo_server.cpp — the product's transport and protocol libraries behind the
// small applications that the public protocol suites presuppose:
//
//   /engine.io/   Engine.IO: every message comes back
//   /socket.io/   Socket.IO: namespaces "/" and "/custom"; "auth" on connect; "message" is answered
//                 by "message-back", "message-with-ack" by an acknowledgement, with the same
//                 arguments
//   /echo         WebSocket messages without Engine.IO, with permessage-deflate
//
// No token and no Origin are asked for. Codecs, sessions, heartbeat, polling and upgrade are the
// gateway's own, or the suites would prove nothing. Not for production: it echoes for anyone.
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <memory>
#include <thread>
#include <unordered_map>
#include <vector>

#include <CLI/CLI.hpp>

#include "base/json_text.h"
#include "base/log.h"
#include "base/random.h"
#include "net/event_loop.h"
#include "net/mailbox.h"
#include "net/tcp.h"
#include "net/tls_identity.h"
#include "protocol/socketio/packet_reader.h"
#include "protocol/websocket/frame.h"
#include "transport/endpoint.h"

namespace {

using namespace std::chrono_literals;
namespace socketio = outcry::socketio;
namespace transport = outcry::transport;
using outcry::Bytes;
using outcry::EngineId;
using outcry::WorkerId;

constexpr std::size_t kEngineIoPath = 0;  // index into engine_paths

class EchoWorker;
using Workers = std::vector<std::unique_ptr<EchoWorker>>;

/// One Socket.IO client of one engine session.
struct Client {
  socketio::PacketReader reader;
  std::vector<std::string> namespaces;
};

class EchoWorker final : transport::Application, outcry::net::TickHandler {
 public:
  EchoWorker(const transport::TransportOptions& options, WorkerId id, Workers& all)
      : all_(all),
        mailbox_(loop_, 1024),
        endpoint_(loop_, options, *this, {.worker = id}, nullptr) {}

  void listen(outcry::net::UniqueFd listener) { endpoint_.listen(std::move(listener)); }
  void run() { loop_.run(*this); }
  bool post(transport::HandedOver&& connection) {
    const bool taken = mailbox_.post(std::move(connection));
    mailbox_.wake();
    return taken;
  }

 private:
  bool on_tick_end(outcry::TimePoint now) noexcept override {
    const bool more = mailbox_.drain(
        64, [this](transport::HandedOver handed) { endpoint_.adopt(std::move(handed)); });
    return endpoint_.end_tick(now) || more;
  }

  void on_open(transport::EngineSession& session, const transport::OpenRequest& request) override {
    if (request.engine_path == kEngineIoPath) session.confirm();
    clients_.emplace(session.id().slot, Client{});
  }

  void on_close(transport::EngineSession& session, transport::CloseReason) override {
    clients_.erase(session.id().slot);
  }

  bool hand_over(WorkerId worker, transport::HandedOver&& connection) override {
    return worker < all_.size() && all_[worker]->post(std::move(connection));
  }

  void on_raw_message(transport::Connection& connection, Bytes message, bool is_text) override {
    std::string frame;
    outcry::websocket::append_frame(
        frame, is_text ? outcry::websocket::Opcode::text : outcry::websocket::Opcode::binary,
        outcry::as_text(message));
    connection.send_framed(frame);
  }

  void on_text(transport::EngineSession& session, std::string_view text) override {
    if (session.engine_path() == kEngineIoPath) {
      session.send(transport::make_frame("4" + std::string(text)));
      return;
    }
    Client& client = clients_.at(session.id().slot);
    take(session, client, client.reader.text(text, limits_));
  }

  void on_binary(transport::EngineSession& session, Bytes bytes) override {
    if (session.engine_path() == kEngineIoPath) {
      session.send(transport::make_binary_frame(bytes));
      return;
    }
    Client& client = clients_.at(session.id().slot);
    take(session, client, client.reader.binary(bytes, limits_));
  }

  void take(transport::EngineSession& session, Client& client,
            const outcry::Result<std::optional<socketio::Packet>>& packet) {
    if (!packet) return session.close(transport::CloseReason::forced_close);
    if (!*packet) return;
    const socketio::Packet& p = **packet;
    const auto joined =
        std::find(client.namespaces.begin(), client.namespaces.end(), p.namespace_name);
    if (p.type == socketio::PacketType::connect && joined == client.namespaces.end()) {
      return connect(session, client, p);
    }
    if (joined == client.namespaces.end() || p.type == socketio::PacketType::connect ||
        p.type == socketio::PacketType::connect_error) {
      return session.close(transport::CloseReason::forced_close);
    }
    if (p.type == socketio::PacketType::disconnect) {
      client.namespaces.erase(joined);
    } else if (p.is_event()) {
      answer(session, p);
    }
  }

  void connect(transport::EngineSession& session, Client& client, const socketio::Packet& packet) {
    std::string reply = "4";
    const std::string name(packet.namespace_name);
    if (name != "/" && name != "/custom") {
      socketio::append_connect_error(reply, name, "Invalid namespace");
      session.send(transport::make_frame(reply));
      return;
    }
    session.confirm();
    client.namespaces.push_back(name);
    socketio::append_connect(reply, name, outcry::random_id(15));
    session.send(transport::make_frame(reply));
    std::string event = "4";
    socketio::append_event(event, {.namespace_name = name,
                                   .event = "auth",
                                   .arguments = packet.data.empty() ? "{}" : packet.data});
    session.send(transport::make_frame(event));
  }

  void answer(transport::EngineSession& session, const socketio::Packet& packet) {
    const std::string name = socketio::event_name(packet);
    std::string arguments;
    outcry::json::ArrayReader elements(packet.data);
    (void)elements.next();  // the event's name
    while (const auto element = elements.next()) {
      if (!arguments.empty()) arguments += ',';
      arguments += *element;
    }
    std::string reply = "4";
    if (name == "message") {
      socketio::append_event(reply, {.namespace_name = packet.namespace_name,
                                     .event = "message-back",
                                     .arguments = arguments,
                                     .attachment_count = packet.attachments.size()});
    } else if (packet.id) {
      socketio::append_ack(reply, {.namespace_name = packet.namespace_name,
                                   .id = *packet.id,
                                   .arguments = arguments,
                                   .attachment_count = packet.attachments.size()});
    } else {
      return;
    }
    session.send(transport::make_frame(reply, packet.attachments));
  }

  const socketio::PacketLimits limits_;
  Workers& all_;
  outcry::net::EventLoop loop_;
  outcry::net::Mailbox<transport::HandedOver> mailbox_;
  std::unordered_map<std::uint32_t, Client> clients_;  // by engine slot
  transport::Endpoint endpoint_;
};

}  // namespace

int main(int argc, char** argv) {
  std::string listen = "127.0.0.1:3000";
  outcry::net::TlsCertificate::Files tls;
  int ping_interval_ms = 300, ping_timeout_ms = 200, workers = 1;
  transport::TransportOptions options;
  options.engine_paths = {"/engine.io/", "/socket.io/"};
  options.raw_websocket_path = "/echo";
  options.access.allowed_origins = {"*"};
  options.access.plain_http = true;
  options.raw_deflate = true;
  options.deflate_bytes_min = 0;
  options.outbox_bytes_max = 64 << 20;
  options.confirm_timeout = 1s;

  CLI::App app{"Echo server for public Engine.IO, Socket.IO and WebSocket protocol suites"};
  app.add_option("--listen", listen, "address and port")->capture_default_str();
  app.add_option("--ping-interval-ms", ping_interval_ms)->capture_default_str();
  app.add_option("--ping-timeout-ms", ping_timeout_ms)->capture_default_str();
  app.add_option("--max-payload", options.message_bytes_max, "bytes")->capture_default_str();
  app.add_flag("--deflate", options.deflate, "permessage-deflate for Engine.IO as well");
  app.add_option("--tls-certificate", tls.certificate, "PEM; with it, TLS only");
  app.add_option("--tls-key", tls.key, "PEM");
  app.add_option("--workers", workers)->capture_default_str()->check(CLI::Range(1, 64));
  CLI11_PARSE(app, argc, argv);
  options.ping_interval = std::chrono::milliseconds(ping_interval_ms);
  options.ping_timeout = std::chrono::milliseconds(ping_timeout_ms);

  auto address = outcry::net::parse_host_port(listen);
  if (!address) {
    std::fprintf(stderr, "echo_server: --listen %s is not ADDRESS:PORT\n", listen.c_str());
    return 2;
  }
  if (!tls.certificate.empty() || !tls.key.empty()) {
    auto loaded = outcry::net::TlsCertificate::load(tls, outcry::wall_now());
    if (!loaded) {
      std::fprintf(stderr, "echo_server: --tls-certificate, --tls-key: %s\n",
                   loaded.error().message().c_str());
      return 2;
    }
    std::vector<outcry::net::TlsCertificate> certificates;
    certificates.push_back(std::move(*loaded));
    options.tls = std::make_shared<outcry::net::TlsIdentity>(std::move(certificates));
  }
  std::signal(SIGPIPE, SIG_IGN);
  Workers all;
  for (int i = 0; i < workers; ++i) {
    all.push_back(std::make_unique<EchoWorker>(options, static_cast<WorkerId>(i), all));
    auto listener = outcry::net::listen_tcp(*address);
    if (!listener) {
      std::fprintf(stderr, "echo_server: can't listen on %s: %s\n", listen.c_str(),
                   listener.error().message().c_str());
      return 1;
    }
    address->port = outcry::net::local_port(listener->get());
    all.back()->listen(std::move(*listener));
  }
  std::printf("listening on port %u\n", address->port);
  std::fflush(stdout);
  std::vector<std::jthread> threads;
  for (auto& worker : all) threads.emplace_back([&worker] { worker->run(); });
}
