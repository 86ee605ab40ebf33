#include "store/postgres_store.h"

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/assert.h"
#include "base/backoff.h"
#include "base/log.h"
#include "store/postgres_connection.h"

namespace outcry::store {
namespace {

namespace asio = boost::asio;

// One line a while tells what goes wrong; the counters tell how often.
constexpr std::chrono::seconds kErrorLogInterval{5};

struct Waiting {
  OwnerQuestion question;
  OwnerAnswer done;
  TimePoint deadline;
  bool repeated = false;  // its first connection was lost
};

/// One connection, and the question that it is asking.
struct Seat {
  Seat(const asio::any_io_executor& executor, std::shared_ptr<PostgresConnection> made)
      : connection(std::move(made)), rest(executor), deadline(executor) {}

  std::shared_ptr<PostgresConnection> connection;
  asio::steady_timer rest;      // cancelled when there is something to do
  asio::steady_timer deadline;  // of its question
  OwnerAnswer done;             // of its question, until answered
  bool busy = false;
  bool open = false;
};
using SharedSeat = std::shared_ptr<Seat>;

}  // namespace

struct PostgresStore::Core : std::enable_shared_from_this<Core> {
  Core(asio::any_io_executor chosen, PostgresStoreOptions wanted)
      : executor(std::move(chosen)),
        options(std::move(wanted)),
        parameters(postgres_parameters(options.url)),
        address(postgres_url_without_secrets(parameters)),
        breaker(options.breaker),
        backoff(options.reconnect_min, options.reconnect_max),
        reconnect(executor),
        queue_deadline(executor) {}

  void ask(OwnerQuestion question, OwnerAnswer done);
  void refuse(OwnerAnswer done, StoreError error);
  void wake_or_grow();
  void add_seat();
  asio::awaitable<void> serve(SharedSeat seat);
  asio::awaitable<bool> rest(SharedSeat seat);
  asio::awaitable<void> ask_next(SharedSeat seat);
  void settle(Seat& seat, CircuitBreaker::Pass pass, const Result<bool>& owned);
  void count(const Result<bool>& owned);
  void opened();
  void open_failed(const PostgresFailure& failure);
  void leave(const SharedSeat& seat);
  void answer_all(StoreError error);
  void watch_queue();
  void log_error(std::error_code error, const std::string& why);
  void stop();
  [[nodiscard]] std::size_t open_count() const;

  const asio::any_io_executor executor;
  const PostgresStoreOptions options;
  const PostgresParameters parameters;
  const std::string address;
  CircuitBreaker breaker;
  Backoff backoff;
  asio::steady_timer reconnect;
  asio::steady_timer queue_deadline;
  std::deque<Waiting> queue;  // the oldest first, so the first to expire
  std::vector<SharedSeat> seats;
  std::vector<SharedSeat> idle;  // the one that was used last at the end
  std::size_t opening = 0;
  bool away = false;  // the last attempt to connect failed
  TimePoint next_log{};
  StoreStats stats;
  bool stopped = false;
};

// ---- Questions ----

void PostgresStore::Core::ask(OwnerQuestion question, OwnerAnswer done) {
  if (breaker.refuses(steady_now())) {
    ++stats.circuit_open;
    return refuse(std::move(done), StoreError::circuit_open);
  }
  if (away && open_count() == 0) {
    ++stats.errors;
    return refuse(std::move(done), StoreError::unavailable);
  }
  if (queue.size() >= options.queue_max) {
    ++stats.queue_full;
    return refuse(std::move(done), StoreError::queue_full);
  }
  ++stats.questions;
  queue.push_back({std::move(question), std::move(done), steady_now() + options.question_timeout});
  if (queue.size() == 1) watch_queue();
  wake_or_grow();
}

void PostgresStore::Core::refuse(OwnerAnswer done, StoreError error) {
  asio::post(executor, [done = std::move(done), error]() mutable { done(fail(error)); });
}

void PostgresStore::Core::wake_or_grow() {
  if (!idle.empty()) {
    idle.back()->rest.cancel();
    idle.pop_back();
    return;
  }
  // The first alone: after a restart of the database it shall not be met by all at once.
  const bool first_is_on_its_way = open_count() == 0 && opening > 0;
  if (seats.size() < options.connections_max && opening < queue.size() && !away &&
      !first_is_on_its_way) {
    add_seat();
  }
}

/// Those that wait too long for a connection are answered in their time.
void PostgresStore::Core::watch_queue() {
  queue_deadline.expires_at(queue.front().deadline);
  queue_deadline.async_wait([self = shared_from_this()](auto cancelled) {
    if (cancelled) return;
    const TimePoint now = steady_now();
    while (!self->queue.empty() && self->queue.front().deadline <= now) {
      Waiting late = std::move(self->queue.front());
      self->queue.pop_front();
      ++self->stats.timed_out;
      late.done(fail(StoreError::timed_out));
    }
    if (!self->queue.empty() && !self->stopped) self->watch_queue();
  });
}

void PostgresStore::Core::answer_all(StoreError error) {
  auto waiting = std::exchange(queue, {});
  stats.errors += waiting.size();
  for (Waiting& each : waiting) refuse(std::move(each.done), error);
}

// ---- Connections ----

std::size_t PostgresStore::Core::open_count() const {
  return seats.size() - opening;
}

void PostgresStore::Core::add_seat() {
  auto seat = std::make_shared<Seat>(
      executor, std::make_shared<PostgresConnection>(executor, parameters, options.owner_query,
                                                     options.question_timeout));
  seats.push_back(seat);
  ++opening;
  asio::co_spawn(executor, serve(std::move(seat)),
                 [self = shared_from_this()](const std::exception_ptr& error) {
                   // Out of memory is all that is left: a pool that shrinks unseen would be worse.
                   OUTCRY_ASSERT(error == nullptr);
                 });
}

asio::awaitable<void> PostgresStore::Core::serve(SharedSeat seat) {
  const auto self = shared_from_this();
  const auto failure = co_await seat->connection->open(options.connect_timeout);
  --opening;
  seat->open = !failure;
  if (!stopped) {
    if (failure) {
      open_failed(*failure);
    } else {
      opened();
    }
  }
  bool goes_on = !failure;
  while (goes_on && !stopped) {
    if (queue.empty()) {
      goes_on = co_await rest(seat);
    } else {
      co_await ask_next(seat);
    }
    if (seat->connection->closed()) goes_on = false;
  }
  seat->connection->close();
  leave(seat);
}

/// Until there may be a question. False if this connection is not needed or not alive any more.
asio::awaitable<bool> PostgresStore::Core::rest(SharedSeat seat) {
  idle.push_back(seat);
  seat->rest.expires_after(options.idle_check);
  seat->connection->watch([weak = std::weak_ptr(seat)] {
    if (const auto alive = weak.lock()) alive->rest.cancel();
  });
  boost::system::error_code woken;
  co_await seat->rest.async_wait(asio::redirect_error(asio::use_awaitable, woken));
  std::erase(idle, seat);
  if (stopped || seat->connection->closed()) co_return false;
  seat->connection->unwatch();
  if (woken) co_return true;
  if (open_count() > 1) co_return false;  // spare
  co_return co_await seat->connection->check(options.question_timeout);
}

asio::awaitable<void> PostgresStore::Core::ask_next(SharedSeat seat) {
  Waiting next = std::move(queue.front());
  queue.pop_front();
  const auto pass = breaker.admit(steady_now());
  if (!pass) {
    ++stats.circuit_open;
    next.done(fail(StoreError::circuit_open));
    co_return;
  }
  seat->busy = true;
  seat->done = std::move(next.done);
  seat->deadline.expires_at(next.deadline);
  seat->deadline.async_wait([self = shared_from_this(), seat, pass](auto cancelled) {
    if (!cancelled && seat->done) self->settle(*seat, *pass, fail(StoreError::timed_out));
  });
  // The server gives up after question_timeout, and is heard then; a dead one isn't.
  const Result<bool> owned =
      co_await seat->connection->owns(next.question, 2 * options.question_timeout);
  seat->busy = false;
  seat->deadline.cancel();
  if (!owned) log_error(owned.error(), seat->connection->why());
  if (!seat->done) co_return;  // answered in time, with timed_out
  const bool lost = seat->connection->closed() && !stopped;
  if (lost && !next.repeated && steady_now() < next.deadline) {
    next.done = std::move(seat->done);
    next.repeated = true;
    queue.push_front(std::move(next));
    watch_queue();
    wake_or_grow();
    co_return;
  }
  settle(*seat, *pass, owned);
}

void PostgresStore::Core::settle(Seat& seat, CircuitBreaker::Pass pass, const Result<bool>& owned) {
  if (owned) {
    ++(*owned ? stats.owned : stats.denied);
    breaker.succeeded(pass);
  } else {
    ++(owned.error() == StoreError::timed_out ? stats.timed_out : stats.errors);
    breaker.failed(pass, steady_now());
  }
  std::exchange(seat.done, nullptr)(owned);
}

void PostgresStore::Core::opened() {
  ++stats.opened;
  backoff.reset();
  if (std::exchange(away, false) || stats.opened == 1) {
    log::info("store: connected to {}", address);
  }
  // More of those that wait may have one of their own now.
  for (std::size_t i = 1; i < queue.size() && seats.size() < options.connections_max; ++i) {
    wake_or_grow();
  }
}

void PostgresStore::Core::open_failed(const PostgresFailure& failure) {
  ++stats.open_failures;
  away = true;
  const auto pause = backoff.next(backoff_random());
  log_error(failure.code, failure.why);
  if (open_count() <= 1) {  // this one is still among the seats
    answer_all(failure.code == StoreError::bad_query ? StoreError::bad_query
                                                     : StoreError::unavailable);
  }
  reconnect.expires_after(pause);
  reconnect.async_wait([self = shared_from_this()](auto cancelled) {
    if (cancelled || self->stopped) return;
    if (self->open_count() > 0) {
      self->away = false;
    } else if (self->opening == 0) {
      self->add_seat();
    }
  });
}

/// The last one's place is taken by another at once.
void PostgresStore::Core::leave(const SharedSeat& seat) {
  std::erase(seats, seat);
  if (seat->open && !stopped && seats.empty()) {
    log::warning("store: the connection to {} was lost: {}", address, seat->connection->why());
    add_seat();
  }
  // It may have been woken for one of these.
  if (!queue.empty()) wake_or_grow();
}

void PostgresStore::Core::log_error(std::error_code error, const std::string& why) {
  const TimePoint now = steady_now();
  if (now < next_log) return;
  next_log = now + kErrorLogInterval;
  log::warning("store: {}: {} ({})", address, error.message(), why);
}

void PostgresStore::Core::stop() {
  stopped = true;
  reconnect.cancel();
  queue_deadline.cancel();
  for (Waiting& waiting : queue) refuse(std::move(waiting.done), StoreError::stopped);
  queue.clear();
  for (const SharedSeat& seat : seats) {
    if (seat->done) refuse(std::exchange(seat->done, nullptr), StoreError::stopped);
    seat->deadline.cancel();
    seat->rest.cancel();
    seat->connection->close();
  }
}

// ---- The outside ----

PostgresStore::PostgresStore(asio::any_io_executor executor, PostgresStoreOptions options)
    : core_(std::make_shared<Core>(std::move(executor), std::move(options))) {
  core_->add_seat();
}

PostgresStore::~PostgresStore() {
  core_->stop();
}

void PostgresStore::ask(OwnerQuestion question, OwnerAnswer done) {
  core_->ask(std::move(question), std::move(done));
}

StoreStats PostgresStore::stats() const {
  StoreStats stats = core_->stats;
  stats.queued = core_->queue.size();
  stats.connections = core_->open_count();
  stats.busy = static_cast<std::size_t>(
      std::ranges::count_if(core_->seats, [](const SharedSeat& seat) { return seat->busy; }));
  return stats;
}

}  // namespace outcry::store
