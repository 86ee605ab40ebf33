// SqliteLog: what is written, and what is dropped again.
#include <algorithm>
#include <utility>
#include <variant>

#include "base/random.h"
#include "eventlog/sqlite_log.h"
#include "eventlog/sqlite_log_state.h"
#include "eventlog/stored_sum.h"

namespace outcry::eventlog {
namespace {

// Rows dropped in one go: a write that comes meanwhile waits for some milliseconds.
constexpr std::uint64_t kRowsPerTrim = 500;
constexpr const char* kGiveBackPages = "PRAGMA incremental_vacuum(200)";

std::uint64_t bytes_of(const StoredEvent& event) {
  std::uint64_t bytes = event.event.size() + event.arguments.size() + event.id.size();
  for (const std::string& room : event.rooms) bytes += room.size();
  for (const std::string& room : event.except) bytes += room.size();
  for (const std::string& attachment : event.attachments) bytes += attachment.size();
  return bytes;
}

/// One change after another into the statements of a log.
class ChangeWriter {
 public:
  ChangeWriter(SqliteLogState& state) : state_(state), statements_(state.statements) {}

  std::error_code operator()(const StoredEvent& event) {
    const bool one_room = !event.everyone && event.rooms.size() == 1 && event.except.empty();
    const std::string rooms = pack_strings(event.rooms);
    const std::string except = pack_strings(event.except);
    const std::string attachments = pack_strings(event.attachments);
    const std::uint64_t bytes = bytes_of(event);
    Statement& insert = statements_.insert_event;
    insert.bind(1, event.number).bind(2, as_number(event.at));
    insert.bind(3, event.retention).bind(4, bytes).bind(5, event.namespace_name);
    insert.bind_null(6).bind_null(8).bind_null(9).bind_null(12);
    if (one_room) {
      insert.bind(6, event.rooms.front());
    } else {
      insert.bind_blob(8, rooms).bind_blob(9, except);
    }
    insert.bind(7, event.everyone ? 1U : 0U).bind(10, event.event).bind(11, event.arguments);
    if (!event.attachments.empty()) insert.bind_blob(12, attachments);
    added_[event.retention].events += 1;
    added_[event.retention].bytes += bytes;
    return insert.bind(13, event.id).bind(14, sum_of(event)).run();
  }
  std::error_code operator()(const StoredValue& value) {
    const std::string attachments = pack_strings(value.attachments);
    Statement& put = statements_.put_value;
    put.bind(1, value.namespace_name).bind(2, value.room).bind(3, value.event).bind(4, value.key);
    put.bind(5, as_number(value.at)).bind(6, value.packet).bind_null(7);
    if (!value.attachments.empty()) put.bind_blob(7, attachments);
    return put.bind(8, sum_of(value)).run();
  }
  std::error_code operator()(const ValueDropped& value) {
    Statement& drop = statements_.drop_value;
    drop.bind(1, value.namespace_name).bind(2, value.room).bind(3, value.event);
    return drop.bind(4, value.key).run();
  }
  std::error_code operator()(const SessionOpened& session) {
    Statement& open = statements_.open_session;
    return open.bind(1, session.sid).bind(2, session.user).bind(3, session.namespace_name).run();
  }
  std::error_code operator()(const SessionJoined& joined) {
    return statements_.join.bind(1, joined.sid).bind(2, joined.room).run();
  }
  std::error_code operator()(const SessionLeft& left) {
    return statements_.leave.bind(1, left.sid).bind(2, left.room).run();
  }
  std::error_code operator()(const SessionEnded& ended) {
    if (const auto error = statements_.end_session_rooms.bind(1, ended.sid).run()) return error;
    return statements_.end_session.bind(1, ended.sid).run();
  }
  std::error_code operator()(const StoredCursor& cursor) {
    Statement& put = statements_.put_cursor;
    put.bind(1, cursor.user).bind_blob(2, cursor.room_key).bind(3, cursor.device);
    return put.bind(4, cursor.number).bind(5, as_number(cursor.at)).run();
  }
  std::error_code operator()(const StoredReceipt& receipt) {
    Statement& put = statements_.put_receipt;
    put.bind(1, receipt.number).bind(2, receipt.sid).bind(3, receipt.user);
    return put.bind(4, as_number(receipt.sent)).bind(5, as_number(receipt.acknowledged)).run();
  }

  /// Once they are committed.
  void count() {
    for (std::size_t rule = 0; rule < added_.size(); ++rule) {
      state_.totals[rule].events += added_[rule].events;
      state_.totals[rule].bytes += added_[rule].bytes;
    }
  }

 private:
  SqliteLogState& state_;
  SqliteLogState::Statements& statements_;
  std::vector<SqliteLogState::Totals> added_{state_.totals.size()};
};

}  // namespace

std::error_code SqliteLog::write(std::span<const Change> changes, WallTime now) {
  ChangeWriter writer(*state_);
  CommitMark::Value next = state_->written;
  ++next.commits;
  const std::error_code error = state_->transact([&]() -> std::error_code {
    for (const Change& change : changes) {
      if (const std::error_code failed = std::visit(writer, change)) return failed;
      if (const auto* event = std::get_if<StoredEvent>(&change)) next.number = event->number;
    }
    if (const auto failed = state_->put_meta("last_number", next.number)) return failed;
    if (const auto failed = state_->put_meta("commits", next.commits)) return failed;
    return state_->put_meta("written", as_number(now));
  });
  if (error) return error;
  writer.count();
  state_->written = next;
  state_->mark.write(next);
  return {};
}

std::error_code SqliteLog::begin_life(Life life, Promise promise, WallTime now) {
  // `started` orders them: two in one millisecond, or after a step of the clock, must not tie.
  auto insert = state_->database.prepare(
      "INSERT INTO lives VALUES(?1, max(?2, (SELECT coalesce(max(started), 0) + 1 FROM lives)), "
      "?3, 0)");
  if (!insert) return insert.error();
  insert->bind(1, life).bind(2, as_number(now)).bind(3, static_cast<std::uint64_t>(promise));
  return insert->run();
}

std::error_code SqliteLog::end_life(WallTime now) {
  return state_->transact([&]() -> std::error_code {
    const std::error_code error = state_->database.execute(
        "UPDATE lives SET clean = 1 WHERE started = (SELECT max(started) FROM lives)");
    return error ? error : state_->put_meta("written", as_number(now));
  });
}

Result<std::string> SqliteLog::secret(std::string_view name, std::size_t bytes) {
  std::string made(bytes, '\0');
  random_bytes(std::as_writable_bytes(std::span(made)));
  auto put = state_->database.prepare("INSERT OR IGNORE INTO secrets VALUES(?1,?2)");
  if (!put) return fail(put.error());
  if (const auto error = put->bind(1, name).bind_blob(2, made).run()) return fail(error);
  auto get = state_->database.prepare("SELECT value FROM secrets WHERE name=?1");
  if (!get) return fail(get.error());
  const auto row = get->bind(1, name).step();
  if (!row) return fail(row.error());
  std::string kept = *row ? std::string(get->text(0)) : std::string();
  if (kept.size() != bytes) return fail(LogError::corrupt);
  return kept;
}

std::error_code SqliteLog::note_gap() {
  return state_->gap.execute("UPDATE gap SET open = 1");
}

std::error_code SqliteLog::close_gap() {
  const std::error_code error = state_->database.execute("DELETE FROM lives");
  return error ? error : state_->gap.execute("UPDATE gap SET open = 0");
}

// ---- Retention ----

namespace {

/// Up to which number the oldest events of a rule go, and how much that is.
struct Excess {
  std::uint64_t number = 0;
  SqliteLogState::Totals dropped;
  bool more = false;
  bool ahead = false;  // the oldest that stays is younger than now
};

Result<Excess> find_excess(SqliteLogState& state, std::size_t rule, WallTime now) {
  const Retention& keep = state.options.retentions[rule];
  SqliteLogState::Totals left = state.totals[rule];
  Excess out;
  Statement& oldest = state.statements.oldest_events;
  oldest.bind(1, rule).bind(2, kRowsPerTrim);
  while (left.events > 0) {
    const auto row = oldest.step();
    if (!row) return fail(row.error());
    if (!*row) {  // as many rows as one trim takes
      out.more = true;
      return out;
    }
    const bool goes = left.events > keep.events_max || left.bytes > keep.bytes_max ||
                      now - as_time(oldest.number(1)) > keep.age_max;
    if (!goes) {
      out.ahead = as_time(oldest.number(1)) > now;
      break;
    }
    out.number = oldest.number(0);
    ++out.dropped.events;
    out.dropped.bytes += oldest.number(2);
    --left.events;
    left.bytes -= oldest.number(2);
  }
  oldest.reset();
  return out;
}

/// Events from when the clock was ahead: how old they are can't be known, so they are from now. The
/// first of them would hold up all that is behind it until the clock is there again.
std::error_code date_back(SqliteLogState& state, std::size_t rule, WallTime now) {
  auto update = state.database.prepare("UPDATE events SET at=?2 WHERE retention=?1 AND at>?2");
  if (!update) return update.error();
  return update->bind(1, rule).bind(2, as_number(now)).run();
}

}  // namespace

Result<bool> SqliteLog::trim(WallTime now) {
  SqliteLogState& state = *state_;
  bool more = false;
  for (std::size_t rule = 0; rule < state.totals.size(); ++rule) {
    const auto excess = find_excess(state, rule, now);
    if (!excess) return fail(excess.error());
    if (excess->ahead) {
      if (const std::error_code error = date_back(state, rule, now)) return fail(error);
    }
    if (excess->number == 0) continue;
    more = more || excess->more;
    const auto trimmed = state.meta("trimmed");
    if (!trimmed) return fail(trimmed.error());
    const std::error_code error = state.transact([&]() -> std::error_code {
      Statement& remove = state.statements.delete_events;
      if (const auto failed = remove.bind(1, rule).bind(2, excess->number).run()) return failed;
      return state.put_meta("trimmed", std::max(*trimmed, excess->number));
    });
    if (error) return fail(error);
    state.totals[rule].events -= excess->dropped.events;
    state.totals[rule].bytes -= excess->dropped.bytes;
  }
  const std::uint64_t old = as_number(now - state.options.receipt_age_max);
  if (const auto error = state.statements.delete_receipts.bind(1, old).run()) return fail(error);
  if (const auto error = state.statements.delete_cursors.bind(1, old).run()) return fail(error);
  if (const auto error = state.database.execute(kGiveBackPages)) return fail(error);
  return more;
}

}  // namespace outcry::eventlog
