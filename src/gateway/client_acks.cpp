// ClientSession's part in acknowledging: events one by one, and a room up to a position; and in
// keeping what became of an event.
#include <utility>

#include "gateway/client_session.h"

namespace outcry::gateway {

Reader ClientSession::reader() const {
  return {.user = user_, .device = rights_ ? rights_->device : std::string()};
}

/// Answered at once: an acknowledgement that a crash takes costs a repetition.
void ClientSession::acknowledge(const socketio::Packet& packet) {
  auto ack = events_ack_of(socketio::first_argument(packet));
  const rooms::RoomRef room =
      ack ? context_.hub.find(id_, namespace_id_, ack->room) : rooms::RoomRef();
  if (!room) {
    return refuse({.code = ack ? Code::forbidden : Code::bad_request}, packet.id);
  }
  ++context_.stats.acknowledgements;
  if (rights_) {  // what waits for a callback is acknowledged by this as well
    (void)rights_->acks.acknowledge_until(
        room->number(), ack->position,
        [this](const OutstandingAcks::Event& event) { on_answered(event); },
        [this](const OutstandingAcks::Event& last) { on_moved(last); });
  }
  context_.control.send(std::make_unique<CursorMove>(CursorMove{.namespace_id = namespace_id_,
                                                                .room = std::move(ack->room),
                                                                .reader = reader(),
                                                                .position = ack->position}));
  if (packet.id) send_ack(*packet.id, R"({"status":"ok"})");
}

void ClientSession::send_again(const Unacknowledged& unacknowledged) {
  send_frames(unacknowledged.frames);
  if (unacknowledged.more) rights().acks.stop();
}

void ClientSession::on_marked(const EventMark& mark) {
  if (engine_.takes_trailers()) engine_.send(mark.position);
  expect_ack(mark);
}

/// Of an event for several rooms those count that it is in: in the others it may lack more.
void ClientSession::expect_ack(const EventMark& mark) {
  for (const rooms::RoomRef& room : mark.rooms) {
    if (!context_.hub.is_member(id_, room->number())) continue;
    rights().acks.add({.room = room,
                       .number = mark.number,
                       .life = mark.life,
                       .released = mark.released,
                       .ack_id = mark.ack_id,
                       .receipts = mark.receipts},
                      context_.rules.config.recovery.unacknowledged_max);
  }
  if (!mark.receipts) return;
  rights().unsent.push_back(mark.number);
  engine_.tell_when_drained();
}

void ClientSession::on_ack(std::uint64_t ack_id) {
  if (!rights_) return;
  const bool known = rights_->acks.acknowledge(
      ack_id, [this](const OutstandingAcks::Event& event) { on_answered(event); },
      [this](const OutstandingAcks::Event& last) { on_moved(last); });
  if (!known) return;
  ++context_.stats.acknowledgements;
  engine_.refund_packet();  // as many come as were sent: a burst of events isn't the client's doing
}

void ClientSession::on_moved(const OutstandingAcks::Event& last) {
  context_.control.send(std::make_unique<AckMove>(AckMove{
      .room = last.room, .reader = reader(), .number = last.number, .released = last.released}));
}

// ---- Receipts ----

/// Everything that waited for the client has been handed to the kernel, or to its poll.
void ClientSession::note_sent() {
  if (!rights_ || rights_->unsent.empty()) return;
  const WallTime now = wall_now();
  for (const std::uint64_t number : std::exchange(rights_->unsent, {})) {
    note_receipt(number, now, {});
  }
}

/// A client that answers has been sent it, though others may still wait behind it.
void ClientSession::on_answered(const OutstandingAcks::Event& event) {
  if (!event.receipts) return;
  const WallTime now = wall_now();
  const bool unsent = std::erase(rights_->unsent, event.number) > 0;
  note_receipt(event.number, unsent ? now : WallTime{}, now);
}

void ClientSession::note_receipt(std::uint64_t number, WallTime sent, WallTime acknowledged) {
  context_.control.send(
      std::make_unique<eventlog::Change>(eventlog::StoredReceipt{.number = number,
                                                                 .user = user_,
                                                                 .sid = std::string(sid()),
                                                                 .sent = sent,
                                                                 .acknowledged = acknowledged}));
}

}  // namespace outcry::gateway
