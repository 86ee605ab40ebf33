// sessions/population.h — what the gateway holds for each of many connected users, without the
// network: its own objects, made by its own classes, one kind after the other.
//
//   connection ─ engine session ─ engine client ─ client session ─ membership ─ room ─ owner's
//   answer └─────────────────── worker ───────────────────────────────────────────┘ └────── control
//   ───────┘
//
// A kind is made for all users before the next one begins, so that each one's memory can be told
// apart. As in W3: every user has proved who he is, and has joined a room of his own.
//
// The connections are in the state that a WebSocket leaves them in while it is idle, but no socket
// belongs to them, and the sessions believe in long polling without a request: so what is sent to
// them waits. One worker, one control thread's tables; all on the calling thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "auth/token_cache.h"
#include "base/slot_table.h"
#include "config/config.h"
#include "gateway/client_context.h"
#include "gateway/client_session.h"
#include "gateway/engine_client.h"
#include "gateway/revocations.h"
#include "gateway/room_table.h"
#include "limits/admission.h"
#include "net/event_loop.h"
#include "rooms/hub.h"
#include "store/access_cache.h"
#include "transport/endpoint.h"

namespace outcry::bench {

class Population {
 public:
  explicit Population(std::uint32_t users);
  Population(const Population&) = delete;
  Population& operator=(const Population&) = delete;

  struct Kind {
    std::string_view name;
    std::size_t object_bytes;  // sizeof of what each user has one of
    void (Population::*make)();
  };
  /// In the order in which they are to be made.
  [[nodiscard]] static std::span<const Kind> kinds();

  /// Sends one event of these many bytes to every user, whom it then waits for. Last of all.
  void send_to_all(std::size_t bytes);

 private:
  /// The application of users who never say a word.
  struct Nobody final : transport::Application {
    void on_open(transport::EngineSession&, const transport::OpenRequest&) override {}
    void on_text(transport::EngineSession&, std::string_view) override {}
    void on_binary(transport::EngineSession&, Bytes) override {}
    void on_close(transport::EngineSession&, transport::CloseReason) override {}
    bool hand_over(WorkerId, transport::HandedOver&&) override { return false; }
    void on_raw_message(transport::Connection&, Bytes, bool) override {}
  };

  void make_connections();
  void make_engine_sessions();
  void make_engine_clients();
  void make_client_sessions();
  void make_counts();
  void make_rooms();
  void make_memberships();
  void make_owner_answers();
  [[nodiscard]] transport::EngineSession& engine(std::uint32_t user);

  const std::uint32_t users_;
  const config::Config config_;
  const gateway::SharedRules rules_;
  const transport::TransportOptions options_;
  boost::asio::io_context io_;
  const boost::asio::executor_work_guard<boost::asio::io_context::executor_type> io_goes_on_{
      io_.get_executor()};

  // As control has them.
  limits::Admission admission_;
  gateway::RoomTable rooms_;
  store::AccessCache owners_;

  // As gateway::Worker has them.
  net::EventLoop loop_;
  gateway::ControlWaker waker_{[] {}};
  gateway::ControlMailbox mailbox_{waker_, 16};
  gateway::ControlLink control_{mailbox_};
  gateway::AuditLink audit_;
  gateway::ClientStats stats_;
  gateway::KeyWait key_wait_;
  gateway::WorkerLimits limits_{rules_.limits};
  auth::TokenCache tokens_;
  rooms::Hub hub_;
  gateway::ClientSessions sessions_;
  gateway::Revocations revocations_{1};
  gateway::ClientContext context_;
  std::deque<std::optional<gateway::EngineClient>> clients_;  // by engine slot
  Nobody application_;
  transport::Endpoint endpoint_;
  // The endpoint's own table is for those that it has accepted.
  SlotTable<transport::Connection, transport::ConnectionId> connections_;
};

}  // namespace outcry::bench
