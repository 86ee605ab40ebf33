// store/postgres_connection.h — one connection to PostgreSQL with the one prepared query,
// asynchronous: libpq never waits here.
//
//   open() ─▶ names looked up, TCP, TLS, log-in ─▶ SET, PREPARE ─▶ owns() … owns() ─▶ lost, once
//
// libpq would look a host's name up in the calling thread, so Asio does it and libpq gets the
// addresses; the name stays, for the certificate. Only the first row of an answer is looked at, and
// rows are taken one by one: a query that returns a million of them costs time, not memory.
//
// The session is set to read only, and the server itself gives a statement up at the time limit.
// Thread: its executor's. Owner: PostgresStore; a coroutine that is being cancelled refers to it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "store/owner_store.h"
#include "store/postgres_url.h"

struct pg_conn;
struct pg_result;

namespace outcry::store {

/// A cause for the program, and words for the operator without a secret.
struct PostgresFailure {
  std::error_code code;
  std::string why;
};

class PostgresConnection : public std::enable_shared_from_this<PostgresConnection> {
 public:
  PostgresConnection(boost::asio::any_io_executor executor, const PostgresParameters& parameters,
                     std::string query, std::chrono::milliseconds question_timeout);
  PostgresConnection(const PostgresConnection&) = delete;
  PostgresConnection& operator=(const PostgresConnection&) = delete;
  ~PostgresConnection();

  /// Within `limit`, but for a name's look-up, which ends when the resolver does.
  /// Errors: unavailable, bad_query.
  boost::asio::awaitable<std::optional<PostgresFailure>> open(std::chrono::milliseconds limit);

  /// One at a time. The connection is given up after `limit`.
  /// Errors: timed_out (by the server), unavailable (then it is closed), query_failed.
  boost::asio::awaitable<Result<bool>> owns(const OwnerQuestion& question,
                                            std::chrono::milliseconds limit);
  /// Whether the server still answers.
  boost::asio::awaitable<bool> check(std::chrono::milliseconds limit);

  /// Between questions: calls `lost` when the server ends the connection. Until unwatch().
  void watch(std::function<void()> lost);
  void unwatch();

  /// What is under way ends with unavailable.
  void close();
  [[nodiscard]] bool closed() const noexcept { return closed_; }
  /// The server's or libpq's words for the last failure.
  [[nodiscard]] const std::string& why() const noexcept { return why_; }

 private:
  struct Answer {
    std::error_code error;
    bool owned = false;
    bool has_row = false;
    int parameters = -1;
    int columns = -1;
  };

  boost::asio::awaitable<bool> look_up_names();
  boost::asio::awaitable<bool> connect();
  boost::asio::awaitable<std::optional<PostgresFailure>> prepare();
  boost::asio::awaitable<Answer> answer();
  boost::asio::awaitable<bool> wait(boost::asio::posix::stream_descriptor::wait_type what);
  void take(const pg_result* result, Answer& answer);
  void arm(std::chrono::milliseconds limit);
  void disarm();
  void await_end();
  void keep_words();

  const boost::asio::any_io_executor executor_;
  PostgresParameters parameters_;
  const std::string query_;
  const std::chrono::milliseconds question_timeout_;
  boost::asio::ip::tcp::resolver resolver_;
  boost::asio::posix::stream_descriptor descriptor_;  // of libpq's socket, which libpq closes
  boost::asio::steady_timer deadline_;
  pg_conn* connection_ = nullptr;
  std::function<void()> lost_;
  std::string why_;
  bool closed_ = false;
};

}  // namespace outcry::store
