#include "store/postgres_connection.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>
#include <vector>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>
#include <libpq-fe.h>

#include "base/clock.h"

namespace outcry::store {
namespace {

namespace asio = boost::asio;
using Descriptor = asio::posix::stream_descriptor;
using ErrorCode = boost::system::error_code;

constexpr const char* kStatement = "outcry_owner";

auto awaited(ErrorCode& error) {
  return asio::redirect_error(asio::use_awaitable, error);
}

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> out;
  for (;;) {
    const std::size_t comma = list.find(',');
    out.emplace_back(list.substr(0, comma));
    if (comma == std::string_view::npos) return out;
    list.remove_prefix(comma + 1);
  }
}

std::string* find(PostgresParameters& parameters, std::string_view name) {
  const auto found = std::ranges::find(parameters, name, &PostgresParameters::value_type::first);
  return found == parameters.end() ? nullptr : &found->second;
}

void set_default(PostgresParameters& parameters, const char* name, const char* value) {
  if (find(parameters, name) == nullptr) parameters.emplace_back(name, value);
}

/// A name that has to be looked up: not a socket's path, not an address.
bool is_name(const std::string& host) {
  if (host.empty() || host.front() == '/' || host.front() == '@') return false;
  ErrorCode error;
  (void)asio::ip::make_address(host, error);
  return error.failed();
}

/// NULL, false and zero are a no, as with SQLite: `SELECT EXISTS (…)` always has a row.
bool says_yes(const PGresult* row) {
  constexpr std::array<Oid, 6> kNumbers{20, 21, 23, 700, 701, 1700};  // int, float, numeric
  constexpr Oid kBoolean = 16;
  if (PQnfields(row) == 0 || PQgetisnull(row, 0, 0) != 0) return false;
  const std::string_view text = PQgetvalue(row, 0, 0);
  const Oid type = PQftype(row, 0);
  if (type == kBoolean) return text == "t";
  if (std::ranges::find(kNumbers, type) == kNumbers.end()) return true;
  return text.find_first_of("123456789IN") != std::string_view::npos;  // Infinity, NaN
}

/// SQLSTATE (PostgreSQL, appendix A).
StoreError cause_of(std::string_view state) {
  if (state == "57014") return StoreError::timed_out;  // statement_timeout
  // A statement that is gone or whose result has changed: it is prepared anew, on a new connection.
  if (state == "26000" || state == "0A000") return StoreError::unavailable;
  const std::string_view kind = state.substr(0, 2);
  const bool about_server =
      kind == "08" || kind == "53" || kind == "57" || kind == "58" || kind == "XX";
  return about_server ? StoreError::unavailable : StoreError::query_failed;
}

}  // namespace

PostgresConnection::PostgresConnection(asio::any_io_executor executor,
                                       const PostgresParameters& parameters, std::string query,
                                       std::chrono::milliseconds question_timeout)
    : executor_(std::move(executor)),
      parameters_(parameters),
      query_(std::move(query)),
      question_timeout_(question_timeout),
      resolver_(executor_),
      descriptor_(executor_),
      deadline_(executor_) {
  set_default(parameters_, "fallback_application_name", "outcry");
  // A Kerberos library would be asked first, in this thread, and might ask the network.
  set_default(parameters_, "gssencmode", "disable");
  set_default(parameters_, "keepalives_idle", "30");
  set_default(parameters_, "keepalives_interval", "10");
  set_default(parameters_, "keepalives_count", "3");
}

PostgresConnection::~PostgresConnection() {
  close();
}

void PostgresConnection::close() {
  if (std::exchange(closed_, true)) return;
  deadline_.cancel();
  resolver_.cancel();
  lost_ = nullptr;
  if (descriptor_.is_open()) (void)descriptor_.release();
  PQfinish(std::exchange(connection_, nullptr));
}

void PostgresConnection::arm(std::chrono::milliseconds limit) {
  deadline_.expires_after(limit);
  deadline_.async_wait([weak = weak_from_this()](const ErrorCode& cancelled) {
    const auto self = weak.lock();
    // A late expiry can be under way while disarm() runs, which moves it to the far future.
    if (cancelled || self == nullptr || self->deadline_.expiry() > steady_now()) return;
    self->why_ = "no answer in time";
    self->close();
  });
}

void PostgresConnection::disarm() {
  deadline_.expires_at(TimePoint::max());
}

void PostgresConnection::keep_words() {
  if (connection_ == nullptr) return;
  why_ = PQerrorMessage(connection_);
  std::ranges::replace(why_, '\n', ' ');
  while (why_.ends_with(' ')) why_.pop_back();
}

// ---- Opening ----

asio::awaitable<std::optional<PostgresFailure>> PostgresConnection::open(
    std::chrono::milliseconds limit) {
  const auto self = shared_from_this();  // for the whole of it
  arm(limit);
  const bool named = co_await look_up_names();
  bool connected = false;
  if (named) connected = co_await connect();
  std::optional<PostgresFailure> failure;
  if (!connected) {
    failure = PostgresFailure{StoreError::unavailable, why_};
  } else {
    failure = co_await prepare();
  }
  if (failure) close();
  if (!closed_) disarm();
  co_return failure;
}

/// Writes `hostaddr` for all of a URL's hosts; one with several addresses is listed as often.
asio::awaitable<bool> PostgresConnection::look_up_names() {
  const std::string* const host_list = find(parameters_, "host");
  if (host_list == nullptr || find(parameters_, "hostaddr") != nullptr) co_return true;
  const std::vector<std::string> hosts = split(*host_list);
  const std::string* const port_list = find(parameters_, "port");
  const std::vector<std::string> ports = split(port_list == nullptr ? "" : *port_list);
  std::string names;
  std::string addresses;
  std::string numbers;
  for (std::size_t i = 0; i < hosts.size(); ++i) {
    const auto add = [&](const std::string& address) {
      const char* const comma = names.empty() ? "" : ",";
      names += comma + hosts[i];
      addresses += comma + address;
      numbers += comma + ports[ports.size() == 1 ? 0 : std::min(i, ports.size() - 1)];
    };
    if (!is_name(hosts[i])) {
      add("");
      continue;
    }
    ErrorCode error;
    const auto found = co_await resolver_.async_resolve(hosts[i], "", awaited(error));
    if (closed_) co_return false;
    for (const auto& entry : found) add(entry.endpoint().address().to_string());
    if (error) why_ = fmt::format("the host {} was not found", hosts[i]);
  }
  if (names.empty()) co_return false;
  *find(parameters_, "host") = names;
  if (addresses.find_first_not_of(',') != std::string::npos) {
    parameters_.emplace_back("hostaddr", addresses);
  }
  if (port_list != nullptr) *find(parameters_, "port") = numbers;
  co_return true;
}

asio::awaitable<bool> PostgresConnection::connect() {
  std::vector<const char*> names;
  std::vector<const char*> values;
  for (const auto& [name, value] : parameters_) {
    names.push_back(name.c_str());
    values.push_back(value.c_str());
  }
  names.push_back(nullptr);
  values.push_back(nullptr);
  connection_ = PQconnectStartParams(names.data(), values.data(), 0);
  if (connection_ == nullptr) co_return false;
  // Notices would be printed to standard error.
  (void)PQsetNoticeReceiver(connection_, [](void*, const PGresult*) {}, nullptr);
  PostgresPollingStatusType next = PGRES_POLLING_WRITING;
  if (PQstatus(connection_) == CONNECTION_BAD) next = PGRES_POLLING_FAILED;
  while (next == PGRES_POLLING_READING || next == PGRES_POLLING_WRITING) {
    // libpq may go on with another socket, perhaps of the same number: ours is for one wait only.
    ErrorCode error;
    (void)descriptor_.assign(PQsocket(connection_), error);
    if (error) {
      why_ = error.message();
      co_return false;
    }
    co_await descriptor_.async_wait(
        next == PGRES_POLLING_READING ? Descriptor::wait_read : Descriptor::wait_write,
        awaited(error));
    if (closed_) co_return false;
    (void)descriptor_.release();
    next = PQconnectPoll(connection_);
  }
  if (next != PGRES_POLLING_OK) {
    keep_words();
    co_return false;
  }
  ErrorCode error;
  (void)descriptor_.assign(PQsocket(connection_), error);
  co_return !error && PQsetnonblocking(connection_, 1) == 0;
}

asio::awaitable<std::optional<PostgresFailure>> PostgresConnection::prepare() {
  const auto failed = [this](StoreError error) { return PostgresFailure{error, why_}; };
  const std::string settings = fmt::format(
      "SET client_encoding = 'UTF8'; SET default_transaction_read_only = on; "
      "SET statement_timeout = {}",
      question_timeout_.count());
  if (PQsendQuery(connection_, settings.c_str()) == 0) co_return failed(StoreError::unavailable);
  Answer told = co_await answer();
  if (told.error) co_return failed(StoreError::unavailable);
  if (PQsendPrepare(connection_, kStatement, query_.c_str(), 0, nullptr) == 0) {
    co_return failed(StoreError::unavailable);
  }
  told = co_await answer();
  if (told.error == StoreError::query_failed) co_return failed(StoreError::bad_query);
  if (told.error) co_return failed(StoreError::unavailable);
  if (PQsendDescribePrepared(connection_, kStatement) == 0) {
    co_return failed(StoreError::unavailable);
  }
  told = co_await answer();
  if (told.error) co_return failed(StoreError::unavailable);
  if (told.parameters != 2 || told.columns < 1) {
    why_ = "the query needs the parameters $1, the object, and $2, the user, and a result";
    co_return failed(StoreError::bad_query);
  }
  co_return std::nullopt;
}

// ---- Asking ----

asio::awaitable<Result<bool>> PostgresConnection::owns(const OwnerQuestion& question,
                                                       std::chrono::milliseconds limit) {
  const auto self = shared_from_this();
  if (closed_) co_return fail(StoreError::unavailable);
  const std::array<const char*, 2> values{question.object_id.c_str(), question.user.c_str()};
  const int sent =
      PQsendQueryPrepared(connection_, kStatement, 2, values.data(), nullptr, nullptr, 0);
  if (sent == 0) {
    keep_words();
    close();
    co_return fail(StoreError::unavailable);
  }
  (void)PQsetSingleRowMode(connection_);  // only fails when nothing was sent
  arm(limit);
  const Answer told = co_await answer();
  if (told.error == StoreError::unavailable) close();
  if (!closed_) disarm();
  if (told.error) co_return fail(told.error);
  co_return told.owned;
}

asio::awaitable<bool> PostgresConnection::check(std::chrono::milliseconds limit) {
  const auto self = shared_from_this();
  if (closed_ || PQsendQuery(connection_, "") == 0) co_return false;
  arm(limit);
  const Answer told = co_await answer();
  if (!closed_) disarm();
  co_return !told.error;
}

/// Sends what is queued, and takes all results of one command. Closes the connection if it is lost.
asio::awaitable<PostgresConnection::Answer> PostgresConnection::answer() {
  Answer out;
  bool alive = true;
  while (alive && PQflush(connection_) > 0) alive = co_await wait(Descriptor::wait_write);
  while (alive) {
    alive = co_await wait(Descriptor::wait_read);
    if (!alive) break;
    alive = PQconsumeInput(connection_) == 1;
    while (alive && PQisBusy(connection_) == 0) {
      PGresult* const result = PQgetResult(connection_);
      if (result == nullptr) {
        if (PQstatus(connection_) == CONNECTION_OK) co_return out;
        alive = false;
        break;
      }
      take(result, out);
      PQclear(result);
    }
  }
  if (!closed_) {
    if (!out.error) keep_words();
    close();
  }
  out.error = StoreError::unavailable;
  co_return out;
}

asio::awaitable<bool> PostgresConnection::wait(Descriptor::wait_type what) {
  ErrorCode error;
  co_await descriptor_.async_wait(what, awaited(error));
  co_return !closed_ && !error;
}

void PostgresConnection::take(const PGresult* result, Answer& answer) {
  switch (PQresultStatus(result)) {
    case PGRES_SINGLE_TUPLE:
      if (!answer.has_row) answer.owned = says_yes(result);
      answer.has_row = true;
      return;
    case PGRES_FATAL_ERROR: {
      const char* const state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
      const char* const words = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
      const std::string_view code = state == nullptr ? "" : state;
      // A value that the column can't hold (class 22), such as a name for a UUID: there is no such
      // object, and who asks for one learns nothing and disturbs nobody.
      if (code.starts_with("22")) {
        answer.owned = false;
        return;
      }
      answer.error = cause_of(code);
      why_ = fmt::format("{} ({})", words == nullptr ? "the query failed" : words, code);
      return;
    }
    default:
      if (PQnparams(result) > 0) answer.parameters = PQnparams(result);
      answer.columns = PQnfields(result);
      return;
  }
}

// ---- Between questions ----

void PostgresConnection::watch(std::function<void()> lost) {
  lost_ = std::move(lost);
  await_end();
}

void PostgresConnection::unwatch() {
  lost_ = nullptr;
  if (!closed_) descriptor_.cancel();
}

void PostgresConnection::await_end() {
  descriptor_.async_wait(Descriptor::wait_read, [weak = weak_from_this()](const ErrorCode& error) {
    const auto self = weak.lock();
    if (error || self == nullptr || self->closed_ || !self->lost_) return;
    // A notice or a changed setting comes here too.
    if (PQconsumeInput(self->connection_) == 1 && PQstatus(self->connection_) == CONNECTION_OK) {
      return self->await_end();
    }
    self->keep_words();
    const auto lost = std::move(self->lost_);
    self->close();
    lost();
  });
}

}  // namespace outcry::store
