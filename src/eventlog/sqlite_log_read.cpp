// SqliteLog: what a start finds, and what is asked for later.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "eventlog/sqlite_log.h"
#include "eventlog/sqlite_log_state.h"
#include "eventlog/stored_sum.h"

namespace outcry::eventlog {
namespace {

constexpr std::size_t kLengthBytes = 4;
constexpr std::uint64_t kLivesKept = 100;

/// `sum`: as it was written; 0 by a version that had none.
template <class Stored>
bool is_sound(const Stored& stored, std::uint64_t sum) {
  return sum == 0 || sum == sum_of(stored);
}

/// A row of `SELECT * FROM events`.
Result<StoredEvent> read_event(const Statement& row) {
  StoredEvent event{.number = row.number(0),
                    .at = as_time(row.number(1)),
                    .retention = static_cast<std::uint8_t>(row.number(2)),
                    .namespace_name = std::string(row.text(4)),
                    .everyone = row.number(6) != 0,
                    .event = std::string(row.text(9)),
                    .arguments = std::string(row.text(10)),
                    .id = std::string(row.text(12))};
  if (!row.is_null(5)) event.rooms.emplace_back(row.text(5));
  for (const auto& [column, list] :
       {std::pair{7, &event.rooms}, {8, &event.except}, {11, &event.attachments}}) {
    if (row.is_null(column)) continue;
    auto strings = unpack_strings(row.text(column));
    if (!strings) return fail(strings.error());
    *list = std::move(*strings);
  }
  if (!is_sound(event, row.number(13))) return fail(LogError::corrupt);
  return event;
}

/// Calls f(Statement&) for each row; f returns an error to stop with.
template <class F>
std::error_code for_each_row(Database& database, const char* query, F&& f) {
  auto rows = database.prepare(query);
  if (!rows) return rows.error();
  while (true) {
    const auto row = rows->step();
    if (!row) return row.error();
    if (!*row) return {};
    if (const std::error_code error = f(*rows)) return error;
  }
}

std::error_code load_events(SqliteLogState& state, LogContents& out) {
  std::size_t bytes = 0;
  auto rows = state.database.prepare("SELECT * FROM events ORDER BY number DESC");
  if (!rows) return rows.error();
  while (true) {
    const auto row = rows->step();
    if (!row) return row.error();
    if (!*row) break;
    bytes += rows->number(3);
    const bool enough = out.events.size() >= state.options.events_loaded_max ||
                        bytes > state.options.bytes_loaded_max;
    if (enough) {
      out.trimmed_number = std::max(out.trimmed_number, rows->number(0));
      rows->reset();
      break;
    }
    auto event = read_event(*rows);
    if (!event) return event.error();
    out.events.push_back(std::move(*event));
  }
  std::ranges::reverse(out.events);
  return {};
}

std::error_code load_values(SqliteLogState& state, LogContents& out) {
  return for_each_row(state.database, "SELECT * FROM latest ORDER BY at",
                      [&out](const Statement& row) -> std::error_code {
                        StoredValue value{.namespace_name = std::string(row.text(0)),
                                          .room = std::string(row.text(1)),
                                          .event = std::string(row.text(2)),
                                          .key = row.number(3),
                                          .at = as_time(row.number(4)),
                                          .packet = std::string(row.text(5))};
                        if (!row.is_null(6)) {
                          auto attachments = unpack_strings(row.text(6));
                          if (!attachments) return attachments.error();
                          value.attachments = std::move(*attachments);
                        }
                        if (!is_sound(value, row.number(7))) return LogError::corrupt;
                        out.values.push_back(std::move(value));
                        return {};
                      });
}

std::error_code load_sessions(SqliteLogState& state, LogContents& out) {
  return for_each_row(state.database,
                      "SELECT sessions.sid, user, namespace, room FROM sessions "
                      "LEFT JOIN session_rooms USING (sid) ORDER BY sessions.sid",
                      [&out](const Statement& row) -> std::error_code {
                        if (out.sessions.empty() || out.sessions.back().sid != row.text(0)) {
                          out.sessions.push_back({.sid = std::string(row.text(0)),
                                                  .user = std::string(row.text(1)),
                                                  .namespace_name = std::string(row.text(2)),
                                                  .rooms = {}});
                        }
                        if (!row.is_null(3)) out.sessions.back().rooms.emplace_back(row.text(3));
                        return {};
                      });
}

std::error_code load_cursors(SqliteLogState& state, LogContents& out) {
  return for_each_row(state.database, "SELECT user, room, device, number, at FROM cursors",
                      [&out](const Statement& row) -> std::error_code {
                        out.cursors.push_back({.user = std::string(row.text(0)),
                                               .room_key = std::string(row.text(1)),
                                               .device = std::string(row.text(2)),
                                               .number = row.number(3),
                                               .at = as_time(row.number(4))});
                        return {};
                      });
}

/// From the newest back to the first that broke its promise: what was delivered in it, or after it
/// began, may be gone. Those are forgotten for good.
std::error_code load_lives(SqliteLogState& state, LogContents& out) {
  std::uint64_t broken_since = 0;
  const std::error_code error = for_each_row(
      state.database, "SELECT life, started, promise, clean FROM lives ORDER BY started DESC",
      [&](const Statement& row) -> std::error_code {
        const auto promise = static_cast<Promise>(row.number(2));
        const bool kept = promise == Promise::always ||
                          (promise == Promise::after_clean_end && row.number(3) != 0);
        if (!kept && broken_since == 0) broken_since = row.number(1);
        if (broken_since == 0) out.lives.push_back(row.number(0));
        return {};
      });
  if (error) return error;
  if (out.lives.size() > kLivesKept) out.lives.resize(kLivesKept);
  const auto forget = fmt::format(
      "DELETE FROM lives WHERE started <= {} OR life NOT IN "
      "(SELECT life FROM lives ORDER BY started DESC LIMIT {})",
      broken_since, kLivesKept);
  return state.database.execute(forget.c_str());
}

bool is_behind(const CommitMark::Value& one, const CommitMark::Value& other) {
  return one.commits < other.commits || one.number < other.number;
}

}  // namespace

Result<LogContents> SqliteLog::load() {
  if (state_->contents) return *std::exchange(state_->contents, std::nullopt);
  LogContents out;
  auto gap = state_->gap.prepare("SELECT open FROM gap");
  const auto row = gap ? gap->step() : fail(gap.error());
  // One that can't be read may have been open.
  if (!row || !*row || gap->number(0) != 0) {
    if (const std::error_code error = close_gap()) return fail(error);
  }
  const auto trimmed = state_->meta("trimmed");
  const auto written = state_->meta("written");
  if (!trimmed) return fail(trimmed.error());
  if (!written) return fail(written.error());
  if (const auto mark = state_->mark.read(); mark && is_behind(state_->written, *mark)) {
    out.end_missing = true;
    state_->written = *mark;  // a number that somebody may have seen is never given out again
    std::error_code error = close_gap();
    if (!error) error = state_->put_meta("last_number", mark->number);
    if (!error) error = state_->put_meta("commits", mark->commits);
    if (error) return fail(error);
  }
  out.trimmed_number = *trimmed;
  out.last_number = state_->written.number;
  out.last_written = as_time(*written);
  for (const auto load : {load_lives, load_events, load_values, load_sessions, load_cursors}) {
    if (const std::error_code error = load(*state_, out)) return fail(error);
  }
  return out;
}

Result<std::vector<StoredEvent>> SqliteLog::read(std::string_view namespace_name,
                                                 std::string_view room, std::uint64_t number,
                                                 std::size_t most) {
  std::vector<StoredEvent> out;
  Statement& own = state_->statements.read_room;
  own.bind(1, namespace_name).bind(2, room).bind(3, number).bind(4, most);
  const auto collect = [&out](Statement& rows, auto&& wanted) -> std::error_code {
    while (true) {
      const auto row = rows.step();
      if (!row) return row.error();
      if (!*row) return {};
      auto event = read_event(rows);
      if (!event) {
        rows.reset();
        return event.error();
      }
      if (wanted(*event)) out.push_back(std::move(*event));
    }
  };
  if (const auto error = collect(own, [](const StoredEvent&) { return true; })) return fail(error);
  const auto for_this_room = [&](const StoredEvent& event) {
    return event.namespace_name == namespace_name &&
           (event.everyone || std::ranges::find(event.rooms, room) != event.rooms.end()) &&
           std::ranges::find(event.except, room) == event.except.end();
  };
  Statement& many = state_->statements.read_many;
  if (const auto error = collect(many.bind(1, number), for_this_room)) return fail(error);
  std::ranges::sort(out, {}, &StoredEvent::number);
  if (out.size() > most) out.resize(most);
  return out;
}

Result<std::optional<StoredEvent>> SqliteLog::event(std::uint64_t number) {
  Statement& one = state_->statements.read_one;
  const auto row = one.bind(1, number).step();
  if (!row) return fail(row.error());
  if (!*row) return std::nullopt;
  auto event = read_event(one);
  one.reset();
  if (!event) return fail(event.error());
  return std::optional(*std::move(event));
}

Result<std::vector<StoredReceipt>> SqliteLog::receipts(std::uint64_t number, std::string_view after,
                                                       std::size_t most) {
  std::vector<StoredReceipt> out;
  Statement& rows = state_->statements.read_receipts;
  rows.bind(1, number).bind(2, after).bind(3, most);
  while (true) {
    const auto row = rows.step();
    if (!row) return fail(row.error());
    if (!*row) return out;
    out.push_back({.number = number,
                   .user = std::string(rows.text(1)),
                   .sid = std::string(rows.text(0)),
                   .sent = as_time(rows.number(2)),
                   .acknowledged = as_time(rows.number(3))});
  }
}

// ---- Values ----

std::string pack_strings(const Strings& strings) {
  std::string out;
  for (const std::string& text : strings) {
    for (std::size_t i = 0; i < kLengthBytes; ++i) {
      out += static_cast<char>(text.size() >> (8 * i) & 0xff);
    }
    out += text;
  }
  return out;
}

Result<Strings> unpack_strings(std::string_view packed) {
  Strings out;
  while (!packed.empty()) {
    if (packed.size() < kLengthBytes) return fail(LogError::corrupt);
    std::size_t size = 0;
    for (std::size_t i = 0; i < kLengthBytes; ++i) {
      size |= std::size_t{static_cast<unsigned char>(packed[i])} << (8 * i);
    }
    packed.remove_prefix(kLengthBytes);
    if (size > packed.size()) return fail(LogError::corrupt);
    out.emplace_back(packed.substr(0, size));
    packed.remove_prefix(size);
  }
  return out;
}

std::uint64_t as_number(WallTime time) {
  return static_cast<std::uint64_t>(time.time_since_epoch().count());
}

WallTime as_time(std::uint64_t number) {
  return WallTime(std::chrono::milliseconds(static_cast<std::int64_t>(number)));
}

}  // namespace outcry::eventlog
