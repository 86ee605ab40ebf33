// The gateway's part in rights that end: members that leave because somebody says so.
#include <bit>
#include <utility>

#include "base/json_text.h"
#include "base/log.h"
#include "gateway/gateway.h"
#include "gateway/gateway_timers.h"
#include "gateway/revocation_order.h"
#include "gateway/room_question.h"

namespace outcry::gateway {
namespace {

constexpr std::string_view kRemoveMember = "outcry:remove_member";

}  // namespace

std::error_code Gateway::take_control_event(const bus::Publication& publication) {
  const bool revokes = publication.event == kRevokeEvent;
  if (publication.event != kRemoveMember && !revokes) return PublishError::bad_command;
  const std::string list = '[' + publication.arguments + ']';
  const auto fields = json::ArrayReader(list).next();
  if (!fields || json::kind_of(*fields) != json::Kind::object) return PublishError::bad_command;
  if (revokes) return take_revocation(*fields, publication.source);
  auto room = json::string_member(*fields, "room");
  auto user = json::string_member(*fields, "user");
  if (!room || !user || room->empty() || user->empty()) return PublishError::bad_command;
  if (!rules_.namespace_id(publication.audience.namespace_name)) {
    return PublishError::unknown_namespace;
  }
  // Our own comes back, perhaps after the user has been let in again.
  if (json::string_member(*fields, "from") == node_) return {};
  remove_in_order({.namespace_name = publication.audience.namespace_name,
                   .room = *std::move(room),
                   .user = *std::move(user),
                   .by = publication.source},
                  [](const Result<std::size_t>&) {});
  return {};
}

void Gateway::remove_member(MemberRemoval removal, RemovalDone done) {
  if (bus_) {
    std::string fields = R"({"room":)";
    json::append_quoted(fields, removal.room);
    fields += R"(,"user":)";
    json::append_quoted(fields, removal.user);
    bus_->tell_nodes(removal.namespace_name, kRemoveMember,
                     fields + R"(,"from":")" + node_ + R"("})");
  }
  remove_in_order(std::move(removal), std::move(done));
}

/// Behind the events that were published before: the member is still to get them.
void Gateway::remove_in_order(MemberRemoval removal, RemovalDone done) {
  publisher_.in_order([this, removal = std::move(removal), done = std::move(done)]() mutable {
    remove_here(removal, std::move(done));
  });
}

// What was granted before is on its way to the workers, and this follows it.
void Gateway::remove_here(const MemberRemoval& removal, RemovalDone done) {
  if (stopped_) return done(fail(PublishError::unavailable));
  const auto namespace_id = rules_.namespace_id(removal.namespace_name);
  if (!namespace_id) return done(fail(PublishError::unknown_namespace));
  if (const auto match = rules_.rooms.match(removal.room)) {
    const auto question = question_for(*match, *namespace_id, removal.room, removal.user);
    if (question) gatekeeper_->forget(*question);
  }
  forbid_returns(*namespace_id, removal);
  const RoomRecord* record = rooms_.find(*namespace_id, removal.room);
  const WorkerSet present = record == nullptr ? 0 : record->present;
  audit_.add_removal(removal);
  if (present == 0) return done(0);
  if (!workers_.has_room(present)) return done(fail(PublishError::overloaded));
  log::info("member removed: room {}, user {}", removal.room, removal.user);

  struct Collection {
    RemovalDone done;
    std::size_t removed = 0;
    int missing = 0;
  };
  auto collection = std::make_shared<Collection>();
  collection->done = std::move(done);
  collection->missing = std::popcount(present);
  for (WorkerSet left = present; left != 0; left &= left - 1) {
    auto told = [this, collection](std::size_t count) {  // on the worker's thread
      post([collection, count] {
        collection->removed += count;
        if (--collection->missing == 0) collection->done(collection->removed);
      });
    };
    workers_.post(static_cast<WorkerId>(std::countr_zero(left)),
                  std::make_unique<RemoveMember>(RemoveMember{
                      .room = record->room, .user = removal.user, .done = std::move(told)}));
  }
  wake_workers_later();
}

/// One part of the members at a time, so that their questions come evenly.
void Gateway::recheck_later() {
  timers_->recheck.expires_after(config_.rooms.recheck / kRecheckParts);
  timers_->recheck.async_wait([this, alive = std::weak_ptr(alive_)](auto error) {
    if (error || alive.expired() || stopped_) return;
    recheck_part_ = (recheck_part_ + 1) % kRecheckParts;
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      workers_.post(static_cast<WorkerId>(i), Recheck{.part = recheck_part_});
    }
    wake_workers();
    recheck_later();
  });
}

}  // namespace outcry::gateway
