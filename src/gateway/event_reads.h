// gateway/event_reads.h — GET /v1/rooms/{room}/events on the clients' port: what a room was told,
// for a client whose socket is blocked.
//
//   request ─▶ token ─▶ user's rate of joins ─▶ the room's policy ─▶ control: owner? ─▶ answer
//                 401            429                  403              403, 410, 503
//
// A client may read what it may join, and is counted as if it had: its refusals too. No socket is
// needed, and none is made.
// Thread: its worker's only. Owner: Worker.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

#include "gateway/client_context.h"
#include "gateway/messages.h"
#include "transport/application.h"
#include "transport/endpoint.h"

namespace outcry::gateway {

/// Paths that are the API's on the clients' port.
inline constexpr std::string_view kApiPrefix = "/v1/rooms/";

class EventReads {
 public:
  /// References must outlive this.
  EventReads(ClientContext& context, transport::Endpoint& endpoint)
      : context_(context), endpoint_(endpoint) {}

  void on_request(const transport::ApiRequest& request);
  void on_answer(const RoomReadAnswer& answer);

 private:
  struct Refusal {
    Code code = Code::forbidden;
    std::chrono::milliseconds retry_after{};
    std::string_view user{};  // for the audit trail, as is the next
    std::string_view room{};
  };

  void ask(const transport::ApiRequest& request, RoomQuery query, const auth::Claims& claims);
  void refuse(transport::ConnectionId connection, const Refusal& refusal);
  void note(transport::ConnectionId connection, const Refusal& refusal);
  void answer(transport::ConnectionId connection, int status, std::string_view body,
              std::string_view header_lines = {});

  ClientContext& context_;
  transport::Endpoint& endpoint_;
};

}  // namespace outcry::gateway
