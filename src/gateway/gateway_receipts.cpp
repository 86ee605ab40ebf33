// The gateway's part in receipts: what became of an event, asked by its id.
//
//   id ─▶ RecentIds ─▶ number ─▶ the log's thread: is it that event? ─▶ its rows
#include <utility>

#include "gateway/gateway.h"
#include "gateway/gateway_timers.h"
#include "gateway/publication_id.h"

namespace outcry::gateway {
namespace {

std::optional<WallTime> time_of(WallTime time) {
  return time == WallTime{} ? std::nullopt : std::optional(time);
}

EventReceipts as_asked(std::vector<eventlog::StoredReceipt> rows, std::size_t most) {
  EventReceipts out{.receipts = {}, .more = rows.size() > most};
  if (out.more) rows.resize(most);
  for (eventlog::StoredReceipt& row : rows) {
    out.receipts.push_back({.sid = std::move(row.sid),
                            .user = std::move(row.user),
                            .sent = time_of(row.sent),
                            .acknowledged = time_of(row.acknowledged)});
  }
  return out;
}

}  // namespace

/// The number of an event that isn't in the log is that of one before it: so the log is asked
/// whose number it is.
void Gateway::receipts(ReceiptQuery query, ReceiptsDone done) {
  if (!query.event.empty()) {
    query.id = payload_id(query.id, query.event, query.namespace_name, {query.room});
  }
  const auto position = recent_ids_.find(digest_text(query.id));
  if (!position || !log_.durable()) return done(fail(ReadError::unknown_event));
  if (log_.writer() == nullptr) return done(fail(ReadError::unavailable));
  const std::size_t most = query.receipts_max;
  log_.writer()->receipts(
      position->durable, std::move(query.after), most + 1,
      [this, most, id = std::move(query.id),
       done = std::move(done)](Result<eventlog::LogWriter::Receipts> found) mutable {
        post([this, most, id = std::move(id), done = std::move(done),
              found = std::move(found)]() mutable {
          if (!found) return done(fail(ReadError::unavailable));
          const bool is_meant =
              found->event && publication_id(*found->event, config_.events.id_member) == id;
          if (!is_meant) return done(fail(ReadError::unknown_event));
          done(as_asked(std::move(found->receipts), most));
        });
      });
}

}  // namespace outcry::gateway
