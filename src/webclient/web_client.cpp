#include "webclient/web_client.h"

#include <algorithm>
#include <deque>
#include <unordered_set>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "webclient/web_connection.h"

namespace outcry::webclient {
namespace {

namespace asio = boost::asio;

bool is_clean(std::string_view text) {
  return std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

/// A line end in a header's value would begin another header.
bool is_clean(const WebRequest& request) {
  const bool target = request.target.starts_with('/') && is_clean(request.target) &&
                      request.target.find(' ') == std::string::npos;
  return target && is_clean(request.method) &&
         std::ranges::all_of(request.headers, [](const auto& header) {
           return is_clean(header.first) && is_clean(header.second);
         });
}

char lower(char c) noexcept {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// One request from send() to its answer.
struct Exchange {
  Exchange(const asio::any_io_executor& executor, WebRequest wanted, WebAnswer answer)
      : request(std::move(wanted)), done(std::move(answer)), deadline(executor) {}

  WebRequest request;
  WebAnswer done;  // empty once it is answered
  asio::steady_timer deadline;
  std::shared_ptr<WebConnection> connection;  // while it is under way
  bool over_kept = false;                     // that connection had served before
  CircuitBreaker::Pass pass{};
};
using SharedExchange = std::shared_ptr<Exchange>;

}  // namespace

std::string_view WebResponse::header(std::string_view name) const noexcept {
  const auto found = std::ranges::find_if(headers, [name](const auto& header) {
    return std::ranges::equal(header.first, name, {}, lower, lower);
  });
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

struct WebClient::Core : std::enable_shared_from_this<Core> {
  Core(asio::any_io_executor chosen, WebClientOptions wanted, std::shared_ptr<WebServer> whom)
      : executor(std::move(chosen)),
        options(std::move(wanted)),
        server(std::move(whom)),
        breaker(options.breaker),
        idle_timer(executor) {}

  struct Idle {
    std::shared_ptr<WebConnection> connection;
    TimePoint until;
  };

  void send(WebRequest request, WebAnswer done);
  void start_next();
  void start(const SharedExchange& exchange);
  void run(const SharedExchange& exchange);
  void finished(const SharedExchange& exchange, Result<WebResponse> response);
  void expired(const SharedExchange& exchange);
  void settle(Exchange& exchange, Result<WebResponse> response);
  void refuse(WebAnswer done, WebError error);
  void keep(std::shared_ptr<WebConnection> connection);
  [[nodiscard]] std::shared_ptr<WebConnection> take_idle();
  void close_idle_later();
  void stop();

  const asio::any_io_executor executor;
  const WebClientOptions options;
  const std::shared_ptr<WebServer> server;
  CircuitBreaker breaker;
  std::deque<SharedExchange> queue;
  std::unordered_set<SharedExchange> running;
  std::deque<Idle> idle;  // the one that was used last at the end
  asio::steady_timer idle_timer;
  WebClientStats stats;
};

void WebClient::Core::send(WebRequest request, WebAnswer done) {
  if (!is_clean(request)) return refuse(std::move(done), WebError::bad_request);
  if (breaker.refuses(steady_now())) {
    ++stats.circuit_open;
    return refuse(std::move(done), WebError::circuit_open);
  }
  if (running.size() >= options.requests_max && queue.size() >= options.queue_max) {
    ++stats.queue_full;
    return refuse(std::move(done), WebError::queue_full);
  }
  auto exchange = std::make_shared<Exchange>(executor, std::move(request), std::move(done));
  exchange->deadline.expires_after(options.timeout);
  exchange->deadline.async_wait([self = shared_from_this(), exchange](auto cancelled) {
    if (!cancelled) self->expired(exchange);
  });
  queue.push_back(std::move(exchange));
  start_next();
}

void WebClient::Core::start_next() {
  while (!queue.empty() && running.size() < options.requests_max) {
    const SharedExchange next = std::move(queue.front());
    queue.pop_front();
    start(next);
  }
}

void WebClient::Core::start(const SharedExchange& exchange) {
  const auto pass = breaker.admit(steady_now());
  if (!pass) {
    ++stats.circuit_open;
    return settle(*exchange, fail(WebError::circuit_open));
  }
  exchange->pass = *pass;
  exchange->connection = take_idle();
  exchange->over_kept = exchange->connection != nullptr;
  running.insert(exchange);
  run(exchange);
}

void WebClient::Core::run(const SharedExchange& exchange) {
  if (exchange->connection == nullptr) {
    exchange->connection = WebConnection::create(
        executor, server,
        {.header_bytes_max = options.header_bytes_max, .body_bytes_max = options.body_bytes_max});
    ++stats.connections;
  }
  ++stats.requests;
  exchange->connection->exchange(
      exchange->request, [self = shared_from_this(), exchange](Result<WebResponse> response) {
        self->finished(exchange, std::move(response));
      });
}

void WebClient::Core::finished(const SharedExchange& exchange, Result<WebResponse> response) {
  const auto connection = std::move(exchange->connection);
  if (exchange->done != nullptr) {
    // The server had closed it, and the request never arrived; or the answer got lost, for which it
    // must be repeatable.
    const bool lost = !response && exchange->over_kept && !connection->heard();
    if (lost && exchange->request.repeatable) {
      exchange->over_kept = false;
      return run(exchange);
    }
    if (response && response->status < 500) {
      breaker.succeeded(exchange->pass);
    } else {
      breaker.failed(exchange->pass, steady_now());
    }
    ++(response ? stats.responses : stats.failures);
    settle(*exchange, std::move(response));
    if (connection->usable()) keep(connection);
  }
  running.erase(exchange);
  start_next();
}

/// A request that is under way keeps its place until its connection has let go of it: a name that
/// is being looked up can't be interrupted.
void WebClient::Core::expired(const SharedExchange& exchange) {
  if (exchange->done == nullptr) return;
  ++stats.failures;
  ++stats.timed_out;
  settle(*exchange, fail(WebError::timed_out));
  if (exchange->connection != nullptr) {
    breaker.failed(exchange->pass, steady_now());
    exchange->connection->close();
  } else {
    std::erase(queue, exchange);
  }
}

void WebClient::Core::settle(Exchange& exchange, Result<WebResponse> response) {
  exchange.deadline.cancel();
  asio::post(executor, [done = std::exchange(exchange.done, nullptr),
                        response = std::move(response)]() mutable { done(std::move(response)); });
}

void WebClient::Core::refuse(WebAnswer done, WebError error) {
  asio::post(executor, [done = std::move(done), error]() mutable { done(fail(error)); });
}

// ---- Connections between requests ----

void WebClient::Core::keep(std::shared_ptr<WebConnection> connection) {
  if (options.idle_max == 0) return connection->close();
  if (idle.size() >= options.idle_max) {
    idle.front().connection->close();
    idle.pop_front();
  }
  idle.push_back({std::move(connection), steady_now() + options.idle_timeout});
  if (idle.size() == 1) close_idle_later();
}

/// The one that was used last: the others grow old and go.
std::shared_ptr<WebConnection> WebClient::Core::take_idle() {
  while (!idle.empty()) {
    const auto connection = std::move(idle.back().connection);
    idle.pop_back();
    if (connection->usable()) return connection;
    connection->close();
  }
  return nullptr;
}

void WebClient::Core::close_idle_later() {
  idle_timer.expires_at(idle.front().until);
  idle_timer.async_wait([self = shared_from_this()](auto cancelled) {
    if (cancelled) return;
    const TimePoint now = steady_now();
    while (!self->idle.empty() && self->idle.front().until <= now) {
      self->idle.front().connection->close();
      self->idle.pop_front();
    }
    if (!self->idle.empty()) self->close_idle_later();
  });
}

void WebClient::Core::stop() {
  idle_timer.cancel();
  for (const Idle& kept : idle) kept.connection->close();
  idle.clear();
  for (const SharedExchange& waiting : queue) settle(*waiting, fail(WebError::stopped));
  queue.clear();
  for (const SharedExchange& exchange : running) {
    if (exchange->done != nullptr) settle(*exchange, fail(WebError::stopped));
    if (exchange->connection != nullptr) exchange->connection->close();
  }
}

// ---- The outside ----

Result<std::unique_ptr<WebClient>> WebClient::create(asio::any_io_executor executor,
                                                     WebClientOptions options) {
  auto server = make_web_server(options.url, options.ca_file);
  if (!server) return fail(server.error());
  return std::unique_ptr<WebClient>(new WebClient(
      std::make_shared<Core>(std::move(executor), std::move(options), *std::move(server))));
}

WebClient::WebClient(std::shared_ptr<Core> core) : core_(std::move(core)) {}

WebClient::~WebClient() {
  core_->stop();
}

void WebClient::send(WebRequest request, WebAnswer done) {
  core_->send(std::move(request), std::move(done));
}

WebClientStats WebClient::stats() const {
  WebClientStats stats = core_->stats;
  stats.opened = core_->breaker.opened();
  stats.breaker = core_->breaker.state();
  stats.refuses = core_->breaker.refuses(steady_now());
  stats.running = core_->running.size();
  stats.queued = core_->queue.size();
  stats.idle = core_->idle.size();
  return stats;
}

}  // namespace outcry::webclient
