// gateway/worker_fixture.h — one worker with real sockets, and the test as its control thread.
#pragma once

#include <memory>
#include <optional>
#include <semaphore>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "gateway/client_for_test.h"
#include "gateway/control_fixture.h"
#include "gateway/event_encoder.h"
#include "gateway/gateway_setup.h"
#include "gateway/room_table.h"
#include "gateway/worker.h"
#include "net/tcp.h"

namespace outcry::gateway::test {

using Verdict = JoinAnswer::Verdict;

inline constexpr std::string_view kJoin = R"(42["join_challenge",{"challenge_id":"7"}])";

inline constexpr std::string_view kGrantSecret = "fH3kLq9ZxT7vBn2mWc6RyP4sDj8gKe5u";

inline config::Config test_config() {
  config::Config config;
  config.rooms.grant = {"desk_{id}"};
  config.rooms.http = {"team_{id}"};
  config.rooms.recheck = milliseconds(60'000);
  config.policy_grant.secret = kGrantSecret;
  config.server.workers = 1;
  config.auth.secret = test::kSecret;
  config.socketio.namespaces = {"/", "/admin"};
  config.socketio.rooms_per_socket_max = 2;
  config.socketio.pending_joins_max = 3;
  return config;
}

/// An audience by its rooms' names.
struct Named {
  NamespaceId namespace_id = 0;
  bool everyone = false;
  config::Strings rooms{};
  config::Strings except{};
};

class WorkerFixture : public testing::Test {
 protected:
  explicit WorkerFixture(config::Config config = test_config()) : config_(std::move(config)) {
    auto listener = net::listen_tcp({.host = "127.0.0.1"});
    port_ = net::local_port(listener->get());
    worker_.listen(std::move(*listener));
    thread_ = std::jthread([this] { worker_.run(); });
  }
  ~WorkerFixture() override {
    post(Stop{});
    thread_.join();
  }

  void post(ToWorker message) {
    ASSERT_TRUE(worker_.post(std::move(message)));
    worker_.wake();
  }
  /// The worker's next message to control, which must be a T.
  template <class T>
  T next() {
    ToControl message = control_.next();
    if constexpr (std::is_same_v<T, JoinRequest> || std::is_same_v<T, MemberCheck> ||
                  std::is_same_v<T, CallbackAnswer>) {
      return std::move(*std::get<std::unique_ptr<T>>(message));
    } else {
      return std::get<T>(std::move(message));
    }
  }
  void answer(const JoinRequest& request, Verdict verdict,
              std::vector<transport::SharedFrame> snapshot = {}) {
    post(std::make_unique<JoinAnswer>(
        JoinAnswer{.session = request.session,
                   .ticket = request.ticket,
                   .verdict = verdict,
                   .room = rooms_.find_or_make(request.namespace_id, request.room).room,
                   .frames = std::move(snapshot)}));
  }
  /// Client side of a granted join, answered and settled.
  void join(Client& client) {
    client.send(kJoin);
    answer(next<JoinRequest>(), Verdict::granted);
    EXPECT_EQ(client.receive(), R"(42["joined_challenge",{"challenge_id":"7"}])");
    EXPECT_TRUE(next<JoinSettled>().present);
  }
  RoomTarget target(const std::string& name, NamespaceId namespace_id = 0) {
    RoomTarget out{.room = rooms_.find_or_make(namespace_id, name).room};
    if (name.size() == kSocketIdLength) out.socket_id = name;
    return out;
  }
  std::vector<RoomTarget> targets(const config::Strings& names, NamespaceId namespace_id = 0) {
    std::vector<RoomTarget> out;
    for (const std::string& name : names) out.push_back(target(name, namespace_id));
    return out;
  }
  Audience audience(const Named& named) {
    return {.namespace_id = named.namespace_id,
            .everyone = named.everyone,
            .rooms = targets(named.rooms, named.namespace_id),
            .except = targets(named.except, named.namespace_id)};
  }
  static EventFrames frames_of(std::string_view text, std::optional<std::uint64_t> ack_id = {}) {
    const bus::Publication publication{.event = "news", .arguments = std::string(text)};
    std::string scratch;
    return encode_event(publication, {}, {.ack_id = ack_id}, scratch);
  }
  void publish(const Named& to, std::string_view text = "1",
               std::optional<AckWish> ack = std::nullopt) {
    post(std::make_shared<const Delivery>(
        Delivery{.audience = audience(to),
                 .frames = frames_of(text, ack ? std::optional(ack->ack_id) : std::nullopt),
                 .ack = ack}));
  }
  void command(SocketCommand::Kind kind, const Named& to, const config::Strings& rooms = {}) {
    post(std::make_shared<const SocketCommand>(SocketCommand{
        .kind = kind, .audience = audience(to), .rooms = targets(rooms, to.namespace_id)}));
  }
  WorkerStats stats() {
    std::optional<WorkerStats> out;
    std::binary_semaphore done{0};
    post(std::make_unique<StatsRequest>([&](const WorkerStats& s) {
      out = s;
      done.release();
    }));
    EXPECT_TRUE(done.try_acquire_for(std::chrono::seconds(20)));
    return out.value_or(WorkerStats{});
  }

  RoomTable rooms_;  // as control has it
  const config::Config config_;
  const SharedRules rules_ = shared_rules(config_);
  const transport::TransportOptions transport_ = transport_options(config_);
  ControlForTest control_{[this](ToWorker message) { post(std::move(message)); }};
  Worker worker_{
      0, rules_, transport_, nullptr, control_.mailbox(), [](WorkerId, transport::HandedOver&&) {
        return false;
      }};
  std::uint16_t port_ = 0;
  std::jthread thread_;
};

}  // namespace outcry::gateway::test
