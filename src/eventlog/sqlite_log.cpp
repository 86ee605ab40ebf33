#include "eventlog/sqlite_log.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

#include <fmt/format.h>

#include "eventlog/sqlite_log_state.h"

namespace outcry::eventlog {
namespace {

constexpr std::uint64_t kVersion = 2;
constexpr const char* kGapSuffix = "-gap";
constexpr const char* kMarkSuffix = "-mark";

// `number` is the rowid: events are written at the end of one tree. `room` is set where an event is
// for one room and nothing else, which is nearly always; others keep their rooms packed.
constexpr const char* kSchema = R"(
  CREATE TABLE meta(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE secrets(name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
  CREATE TABLE lives(life INTEGER PRIMARY KEY, started INTEGER NOT NULL, promise INTEGER NOT NULL,
                     clean INTEGER NOT NULL DEFAULT 0);
  CREATE TABLE events(number INTEGER PRIMARY KEY, at INTEGER NOT NULL, retention INTEGER NOT NULL,
                      bytes INTEGER NOT NULL, namespace TEXT NOT NULL, room TEXT,
                      everyone INTEGER NOT NULL, rooms BLOB, except_rooms BLOB, event TEXT NOT NULL,
                      arguments TEXT NOT NULL, attachments BLOB, id TEXT NOT NULL,
                      sum INTEGER NOT NULL DEFAULT 0);
  CREATE INDEX events_of_room ON events(namespace, room, number) WHERE room IS NOT NULL;
  CREATE INDEX events_of_many ON events(number) WHERE room IS NULL;
  CREATE INDEX events_by_retention ON events(retention, number);
  CREATE TABLE latest(namespace TEXT NOT NULL, room TEXT NOT NULL, event TEXT NOT NULL,
                      key INTEGER NOT NULL, at INTEGER NOT NULL, packet TEXT NOT NULL,
                      attachments BLOB, sum INTEGER NOT NULL DEFAULT 0,
                      PRIMARY KEY(namespace, room, event, key)) WITHOUT ROWID;
  CREATE TABLE sessions(sid TEXT PRIMARY KEY, user TEXT NOT NULL, namespace TEXT NOT NULL)
    WITHOUT ROWID;
  CREATE TABLE session_rooms(sid TEXT NOT NULL, room TEXT NOT NULL, PRIMARY KEY(sid, room))
    WITHOUT ROWID;
  CREATE TABLE cursors(user TEXT NOT NULL, room BLOB NOT NULL, device TEXT NOT NULL,
                       number INTEGER NOT NULL, at INTEGER NOT NULL,
                       PRIMARY KEY(user, room, device)) WITHOUT ROWID;
  CREATE INDEX cursors_by_time ON cursors(at);
  CREATE TABLE receipts(number INTEGER NOT NULL, sid TEXT NOT NULL, user TEXT NOT NULL,
                        sent INTEGER NOT NULL, acknowledged INTEGER NOT NULL,
                        PRIMARY KEY(number, sid)) WITHOUT ROWID;
  CREATE INDEX receipts_by_time ON receipts(sent);
)";
constexpr const char* kFromVersion1 = R"(
  ALTER TABLE events ADD COLUMN sum INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE latest ADD COLUMN sum INTEGER NOT NULL DEFAULT 0;
)";

/// A damaged file is kept for whoever wants to look at it.
std::string aside(const std::string& path, WallTime now) {
  return fmt::format("{}.damaged-{}", path, as_number(now) / 1000);
}

std::error_code move_aside(const std::string& path, const std::string& to) {
  if (std::rename(path.c_str(), to.c_str()) != 0) {
    return std::error_code(errno, std::generic_category());
  }
  // What belongs to it goes with it, if it is there.
  for (const char* suffix : {"-wal", kGapSuffix, kMarkSuffix}) {
    (void)std::rename((path + suffix).c_str(), (to + suffix).c_str());
  }
  return {};
}

bool is_damage(std::error_code error) {
  return error == LogError::corrupt;
}

}  // namespace

std::error_code SqliteLogState::prepare() {
  using S = Statements;
  struct Prepared {
    Statement S::* place;
    const char* text;
  };
  static constexpr std::array kStatements = {
      Prepared{&S::insert_event,
               "INSERT INTO events VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14)"},
      Prepared{&S::put_value, "INSERT OR REPLACE INTO latest VALUES(?1,?2,?3,?4,?5,?6,?7,?8)"},
      Prepared{&S::drop_value,
               "DELETE FROM latest WHERE namespace=?1 AND room=?2 AND event=?3 AND key=?4"},
      Prepared{&S::open_session, "INSERT OR REPLACE INTO sessions VALUES(?1,?2,?3)"},
      Prepared{&S::join, "INSERT OR IGNORE INTO session_rooms VALUES(?1,?2)"},
      Prepared{&S::leave, "DELETE FROM session_rooms WHERE sid=?1 AND room=?2"},
      Prepared{&S::end_session, "DELETE FROM sessions WHERE sid=?1"},
      Prepared{&S::end_session_rooms, "DELETE FROM session_rooms WHERE sid=?1"},
      // An acknowledgement that comes late must not take a later one back.
      Prepared{&S::put_cursor,
               "INSERT INTO cursors VALUES(?1,?2,?3,?4,?5) ON CONFLICT DO UPDATE SET "
               "number=max(number, excluded.number), at=excluded.at"},
      Prepared{&S::put_receipt,
               "INSERT INTO receipts VALUES(?1,?2,?3,?4,?5) ON CONFLICT DO UPDATE SET "
               "sent=CASE WHEN sent=0 THEN excluded.sent ELSE sent END, "
               "acknowledged=max(acknowledged, excluded.acknowledged)"},
      Prepared{&S::put_meta, "INSERT OR REPLACE INTO meta VALUES(?1,?2)"},
      Prepared{&S::oldest_events,
               "SELECT number, at, bytes FROM events WHERE retention=?1 ORDER BY number LIMIT ?2"},
      Prepared{&S::delete_events, "DELETE FROM events WHERE retention=?1 AND number<=?2"},
      Prepared{&S::delete_receipts, "DELETE FROM receipts WHERE sent<?1"},
      Prepared{&S::delete_cursors, "DELETE FROM cursors WHERE at<?1"},
      Prepared{&S::read_room,
               "SELECT * FROM events WHERE namespace=?1 AND room=?2 AND number>?3 "
               "ORDER BY number LIMIT ?4"},
      Prepared{&S::read_many,
               "SELECT * FROM events WHERE room IS NULL AND number>?1 ORDER BY number"},
      Prepared{&S::read_one, "SELECT * FROM events WHERE number=?1"},
      Prepared{&S::read_receipts,
               "SELECT sid, user, sent, acknowledged FROM receipts WHERE number=?1 AND sid>?2 "
               "ORDER BY sid LIMIT ?3"},
  };
  for (const Prepared& prepared : kStatements) {
    auto statement = database.prepare(prepared.text);
    if (!statement) return statement.error();
    statements.*prepared.place = std::move(*statement);
  }
  return {};
}

std::error_code SqliteLogState::count() {
  const auto commits = meta("commits");
  const auto number = meta("last_number");
  if (!commits) return commits.error();
  if (!number) return number.error();
  written = {.commits = *commits, .number = *number};
  auto rows =
      database.prepare("SELECT retention, count(*), sum(bytes) FROM events GROUP BY retention");
  if (!rows) return rows.error();
  while (true) {
    const auto row = rows->step();
    if (!row) return row.error();
    if (!*row) return {};
    totals[rows->number(0)] = {.events = rows->number(1), .bytes = rows->number(2)};
  }
}

Result<std::uint64_t> SqliteLogState::meta(std::string_view name) {
  auto row = database.prepare("SELECT value FROM meta WHERE name=?1");
  if (!row) return fail(row.error());
  const auto found = row->bind(1, name).step();
  if (!found) return fail(found.error());
  return *found ? row->number(0) : 0;
}

std::error_code SqliteLogState::put_meta(std::string_view name, std::uint64_t value) {
  return statements.put_meta.bind(1, name).bind(2, value).run();
}

// ---- Opening ----

SqliteLog::SqliteLog(std::unique_ptr<SqliteLogState> state) : state_(std::move(state)) {}
SqliteLog::~SqliteLog() = default;

std::string SqliteLog::why() const {
  return state_->database.why();
}

namespace {

std::error_code check_integrity(Database& database) {
  auto check = database.prepare("PRAGMA quick_check(1)");
  if (!check) return check.error();
  const auto row = check->step();
  if (!row) return row.error();
  const bool sound = *row && check->text(0) == "ok";
  check->reset();
  return sound ? std::error_code() : make_error_code(LogError::corrupt);
}

std::error_code make_or_check_schema(Database& database) {
  auto version = database.prepare("PRAGMA user_version");
  if (!version) return version.error();
  const auto row = version->step();
  if (!row) return row.error();
  const std::uint64_t found = version->number(0);
  version->reset();
  if (found > kVersion) return LogError::too_new;
  if (found != 0) {
    const std::error_code error = check_integrity(database);
    if (error || found == kVersion) return error;
  }
  if (const std::error_code error = database.execute("BEGIN IMMEDIATE")) return error;
  std::error_code error = database.execute(found == 0 ? kSchema : kFromVersion1);
  if (!error) {
    error = database.execute(fmt::format("PRAGMA user_version = {}", kVersion).c_str());
  }
  return error ? error : database.execute("COMMIT");
}

// One row, written in advance: to change it takes no space.
Result<Database> open_gap(const SqliteLogOptions& options) {
  auto gap = Database::open(options.path + kGapSuffix, Journal::none, options.vfs);
  if (!gap) return gap;
  const std::error_code error = gap->execute(
      "CREATE TABLE IF NOT EXISTS gap(row INTEGER PRIMARY KEY, open INTEGER NOT NULL);"
      "INSERT OR IGNORE INTO gap VALUES(1, 0)");
  if (error) return fail(error);
  return gap;
}

}  // namespace

Result<std::unique_ptr<SqliteLog>> SqliteLog::try_open(const SqliteLogOptions& options,
                                                       std::string& why) {
  auto database = Database::open(options.path, Journal::wal, options.vfs);
  if (!database) return fail(database.error());
  auto gap = open_gap(options);
  if (!gap) return fail(gap.error());
  auto mark = CommitMark::open(options.path + kMarkSuffix, options.vfs);
  if (!mark) return fail(mark.error());
  auto state = std::make_unique<SqliteLogState>(options, std::move(*database), std::move(*gap),
                                                std::move(*mark));
  Database& opened = state->database;
  // FULL: every commit is synced; NORMAL: only the WAL's move into the file is.
  std::error_code error = opened.execute(options.sync_each_write ? "PRAGMA synchronous = FULL"
                                                                 : "PRAGMA synchronous = NORMAL");
  if (!error) error = make_or_check_schema(opened);
  // A rule that is no longer configured: its events go with the last one's.
  if (!error) {
    const auto last = options.retentions.size() - 1;
    const auto statement =
        fmt::format("UPDATE events SET retention = {0} WHERE retention > {0}", last);
    error = opened.execute(statement.c_str());
  }
  if (!error) error = state->prepare();
  if (!error) error = state->count();
  if (error) {
    why = opened.why();
    return fail(error);
  }
  auto log = std::unique_ptr<SqliteLog>(new SqliteLog(std::move(state)));
  auto contents = log->load();
  if (!contents) {
    why = contents.error().message();
    return fail(contents.error());
  }
  log->state_->contents = std::move(*contents);
  return log;
}

Result<std::unique_ptr<SqliteLog>> SqliteLog::open(const SqliteLogOptions& options,
                                                   std::string& notice) {
  auto log = try_open(options, notice);
  if (log || !is_damage(log.error())) return log;
  const std::string kept = aside(options.path, wall_now());
  if (const std::error_code error = move_aside(options.path, kept)) {
    notice = fmt::format("{} is damaged ({}) and can't be put aside: {}", options.path, notice,
                         error.message());
    return log;
  }
  std::string why;
  auto fresh = try_open(options, why);
  notice = fresh ? fmt::format(
                       "{} was damaged ({}) and is now {}; a new log was begun: what "
                       "clients missed before it can't be sent again",
                       options.path, notice, kept)
                 : why;
  return fresh;
}

}  // namespace outcry::eventlog
