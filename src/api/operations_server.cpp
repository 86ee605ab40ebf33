#include "api/operations_server.h"

#include <optional>
#include <string_view>
#include <unordered_set>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "api/api_keys.h"
#include "api/operations_stream.h"
#include "api/operations_tls.h"
#include "api/request_head.h"
#include "base/assert.h"
#include "base/log.h"

namespace outcry::api {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;
using Parser = http::request_parser<http::string_body>;

constexpr std::size_t kReadBytes = 16 * 1024;
constexpr std::size_t kLingerBytesMax = 4 * 1024 * 1024;
constexpr std::chrono::milliseconds kAcceptPause{100};  // when the process has no descriptors left

auto awaited(boost::system::error_code& error) {
  return asio::redirect_error(asio::use_awaitable, error);
}

std::string_view view(beast::string_view text) noexcept {
  return {text.data(), text.size()};
}

RequestHead head_of(const Parser& parser) {
  const auto& message = parser.get();
  const std::string_view target = view(message.target());
  return {
      .version = message.version(),
      .method = view(message.method_string()),
      .path = target.substr(0, target.find('?')),
      .host_count = message.count(http::field::host),
      .transfer_encoding_count = message.count(http::field::transfer_encoding),
      .transfer_encoding = view(message[http::field::transfer_encoding]),
      .content_length_count = message.count(http::field::content_length),
      .content_type = view(message[http::field::content_type]),
      .expect = view(message[http::field::expect]),
      .api_key_count = message.count("X-API-Key"),
      .api_key = view(message["X-API-Key"]),
  };
}

Problem parse_problem(const boost::system::error_code& error,
                      const OperationsServerOptions& options) {
  if (error == http::error::header_limit) {
    return {.kind = ProblemKind::headers_too_large,
            .detail = "at most " + std::to_string(options.header_bytes_max) + " bytes are allowed"};
  }
  if (error == http::error::body_limit) {
    return {.kind = ProblemKind::body_too_large,
            .detail = "at most " + std::to_string(options.body_bytes_max) +
                      " bytes are allowed (operations.body_bytes_max); send smaller batches"};
  }
  return {.kind = ProblemKind::malformed_request, .detail = error.message()};
}

// Where a handler leaves its answer, and how the connection learns of it.
struct Answer {
  explicit Answer(const asio::any_io_executor& executor) : ready(executor) {}
  asio::steady_timer ready;  // cancelled when there is an answer
  std::optional<Response> response;
};

}  // namespace

struct OperationsServer::Core : std::enable_shared_from_this<Core> {
  Core(asio::io_context& io_context, OperationsServerOptions chosen, Router routes)
      : io(io_context),
        options(std::move(chosen)),
        router(std::move(routes)),
        keys(options.api_keys),
        tls(tls_settings(options.tls.get())),
        acceptor(io_context),
        accept_pause(io_context) {}

  class Connection;

  asio::awaitable<void> accept_all();
  void admit(tcp::socket socket);

  asio::io_context& io;
  OperationsServerOptions options;
  Router router;
  ApiKeys keys;
  std::shared_ptr<asio::ssl::context> tls;  // of connections from now on; null: plain
  tcp::acceptor acceptor;
  asio::steady_timer accept_pause;
  std::unordered_set<Connection*> connections;  // each removes itself when it ends
  OperationsServerStats stats;
  std::uint16_t port = 0;
  bool stopped = false;
};

class OperationsServer::Core::Connection {
 public:
  Connection(std::shared_ptr<Core> core, tcp::socket socket)
      : core_(std::move(core)),
        stream_(std::move(socket), core_->tls.get()),
        buffer_(core_->options.header_bytes_max + kReadBytes) {
    core_->connections.insert(this);
    core_->stats.connections_open = core_->connections.size();
  }
  ~Connection() {
    core_->connections.erase(this);
    core_->stats.connections_open = core_->connections.size();
  }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // One request after the other, until one side has enough.
  asio::awaitable<void> serve() {
    // GCC 12 miscompiles co_await beside && in a condition: one statement each, here and below.
    bool more = co_await begin();
    while (more && !core_->stopped) more = co_await serve_one();
    if (lingers_ && !core_->stopped) co_await linger();
  }

  void close() {
    stream_.tcp().close();
    if (answer_) answer_->ready.cancel();
  }

 private:
  asio::awaitable<bool> begin() {
    if (!stream_.is_tls()) co_return true;
    boost::system::error_code error;
    stream_.tcp().expires_after(core_->options.header_timeout);
    co_await stream_.async_handshake(awaited(error));
    if (!error) co_return true;
    ++core_->stats.handshakes_failed;
    log::debug("operations: TLS handshake failed: {}", error.message());
    co_return false;
  }

  // Whether another request may follow.
  asio::awaitable<bool> serve_one() {
    const bool has_begun = co_await wait_for_request();
    if (!has_begun) co_return false;
    Parser parser;
    parser.header_limit(core_->options.header_bytes_max);
    parser.body_limit(core_->options.body_bytes_max);
    boost::system::error_code error;
    stream_.tcp().expires_after(core_->options.header_timeout);
    co_await http::async_read_header(stream_, buffer_, parser, awaited(error));
    if (error) co_return co_await refuse(error);

    const RequestHead head = head_of(parser);
    if (auto problem = check_head(head, core_->router, core_->keys)) {
      const ProblemKind kind = problem->kind;
      if (kind == ProblemKind::missing_key || kind == ProblemKind::wrong_key) {
        ++core_->stats.keys_refused;
        if (core_->options.on_key_refused) core_->options.on_key_refused(peer_address());
      }
      // Only a well-framed request without a body leaves the stream at the next one.
      const bool is_framed =
          kind != ProblemKind::malformed_request && kind != ProblemKind::length_required;
      const bool keep = is_framed && parser.is_done() && parser.keep_alive();
      co_return co_await reply(problem_response(*std::move(problem)), head, keep);
    }
    stream_.tcp().expires_after(core_->options.request_timeout);
    if (!head.expect.empty()) {
      const bool sent = co_await send_continue();
      if (!sent) co_return false;
    }
    co_await http::async_read(stream_, buffer_, parser, awaited(error));
    if (error) co_return co_await refuse(error);
    if (core_->stopped) co_return false;
    Response response = co_await answer(parser);
    if (core_->stopped) co_return false;
    co_return co_await reply(std::move(response), head_of(parser), parser.keep_alive());
  }

  [[nodiscard]] std::string peer_address() {
    boost::system::error_code error;
    const auto peer = stream_.tcp().socket().remote_endpoint(error);
    return error ? std::string() : peer.address().to_string();
  }

  asio::awaitable<bool> wait_for_request() {
    if (buffer_.size() > 0) co_return true;  // pipelined
    boost::system::error_code error;
    stream_.tcp().expires_after(core_->options.idle_timeout);
    const std::size_t count =
        co_await stream_.async_read_some(buffer_.prepare(kReadBytes), awaited(error));
    buffer_.commit(count);
    co_return !error;
  }

  asio::awaitable<bool> send_continue() {
    constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    boost::system::error_code error;
    co_await asio::async_write(stream_, asio::buffer(kContinue), awaited(error));
    co_return !error;
  }

  // Asks the route, which may answer later, but not too late.
  asio::awaitable<Response> answer(const Parser& parser) {
    const auto& message = parser.get();
    const std::string_view target = view(message.target());
    const std::size_t mark = target.find('?');
    const std::string key_id =
        head_of(parser).api_key.empty() ? std::string() : ApiKeys::id_of(head_of(parser).api_key);
    Request request{
        .path = target.substr(0, mark),
        .query = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1),
        .body = message.body(),
        .parameter = {},
        .idempotency_key = view(message["Idempotency-Key"]),
        .key_id = key_id,
    };
    const Route* const route = core_->router.find(view(message.method_string()), request.path);
    OUTCRY_ASSERT(route != nullptr);  // check_head() found it
    request.parameter = Router::parameter_of(*route, request.path);
    const auto waiting = std::make_shared<Answer>(stream_.get_executor());
    answer_ = waiting;
    route->handle(request, [waiting](Response response) {
      if (waiting->response) return;
      waiting->response = std::move(response);
      waiting->ready.cancel();
    });
    if (!waiting->response) {
      boost::system::error_code ignored;  // cancelled or expired: the response tells
      stream_.tcp().expires_never();
      waiting->ready.expires_after(core_->options.request_timeout);
      co_await waiting->ready.async_wait(awaited(ignored));
    }
    answer_.reset();
    if (waiting->response) co_return *std::move(waiting->response);
    waiting->response.emplace();  // a later answer is dropped
    Problem late{.kind = ProblemKind::unavailable,
                 .detail =
                     "no answer in time, the outcome is unknown; repeat the request with the "
                     "same id"};
    late.headers.emplace_back("Retry-After", "1");
    co_return problem_response(std::move(late));
  }

  // Answers what the parser refused. A connection that ended or timed out can't be answered.
  asio::awaitable<bool> refuse(const boost::system::error_code& error) {
    if (error == beast::error::timeout) ++core_->stats.timeouts;
    const boost::system::error_code ended = http::error::end_of_stream;
    const bool is_theirs = error.category() == ended.category() && error != ended &&
                           error != http::error::partial_message;
    if (!is_theirs) co_return false;
    co_return co_await reply(problem_response(parse_problem(error, core_->options)), {}, false);
  }

  asio::awaitable<bool> reply(Response response, const RequestHead& head, bool keep_alive) {
    ++core_->stats.responses[response.status];
    http::response<http::string_body> message(static_cast<http::status>(response.status),
                                              head.version);
    message.set(http::field::content_type, response.content_type);
    message.set(http::field::cache_control, "no-store");
    message.set("X-Content-Type-Options", "nosniff");
    for (const auto& [name, value] : response.headers) message.set(name, value);
    message.keep_alive(keep_alive);
    message.content_length(response.body.size());
    if (head.method != "HEAD") message.body() = std::move(response.body);

    boost::system::error_code error;
    stream_.tcp().expires_after(core_->options.request_timeout);
    http::response_serializer<http::string_body> serializer(message);
    co_await http::async_write(stream_, serializer, awaited(error));
    lingers_ = !error && !keep_alive;
    co_return !error && keep_alive;
  }

  // Unread bytes would turn our close into a reset, which destroys the answer on its way.
  asio::awaitable<void> linger() {
    boost::system::error_code error;
    stream_.tcp().expires_after(core_->options.linger);
    if (stream_.is_tls()) co_await stream_.async_shutdown(awaited(error));
    // Below TLS from here on: what still comes is thrown away.
    (void)stream_.tcp().socket().shutdown(tcp::socket::shutdown_send, error);  // returns `error`
    for (std::size_t total = 0; !error && total < kLingerBytesMax;) {
      buffer_.clear();
      total += co_await stream_.tcp().async_read_some(buffer_.prepare(kReadBytes), awaited(error));
    }
  }

  std::shared_ptr<Core> core_;
  OperationsStream stream_;
  beast::flat_buffer buffer_;
  std::shared_ptr<Answer> answer_;  // while a handler is asked
  bool lingers_ = false;
};

asio::awaitable<void> OperationsServer::Core::accept_all() {
  while (!stopped) {
    boost::system::error_code error;
    tcp::socket socket = co_await acceptor.async_accept(awaited(error));
    if (stopped) co_return;
    if (!error) {
      admit(std::move(socket));
      continue;
    }
    log::warning("operations: can't accept: {}", error.message());
    accept_pause.expires_after(kAcceptPause);
    co_await accept_pause.async_wait(awaited(error));
  }
}

void OperationsServer::Core::admit(tcp::socket socket) {
  if (connections.size() >= options.connections_max) {
    ++stats.connections_refused;
    return;  // closes the socket
  }
  ++stats.connections_accepted;
  auto connection = std::make_shared<Connection>(shared_from_this(), std::move(socket));
  Connection& served = *connection;
  asio::co_spawn(io, served.serve(),
                 [connection = std::move(connection)](const std::exception_ptr& error) {
                   if (error) log::error("operations: a connection ended with an exception");
                 });
}

OperationsServer::OperationsServer(asio::io_context& io, OperationsServerOptions options,
                                   Router router)
    : core_(std::make_shared<Core>(io, std::move(options), std::move(router))) {}

OperationsServer::~OperationsServer() {
  stop();
}

std::error_code OperationsServer::listen(const std::string& address, std::uint16_t port) {
  boost::system::error_code error;
  const auto ip = asio::ip::make_address(address.empty() ? "::" : address, error);
  if (error) return error;
  const tcp::endpoint endpoint(ip, port);
  tcp::acceptor& acceptor = core_->acceptor;
  if (acceptor.open(endpoint.protocol(), error)) return error;
  if (acceptor.set_option(asio::socket_base::reuse_address(true), error)) return error;
  if (acceptor.bind(endpoint, error)) return error;
  if (acceptor.listen(asio::socket_base::max_listen_connections, error)) return error;
  core_->port = acceptor.local_endpoint(error).port();
  asio::co_spawn(core_->io, core_->accept_all(), [core = core_](const std::exception_ptr& failure) {
    OUTCRY_ASSERT(failure == nullptr);  // out of memory is all that is left
  });
  return error;
}

std::uint16_t OperationsServer::port() const noexcept {
  return core_->port;
}

void OperationsServer::use(const std::shared_ptr<const net::TlsIdentity>& identity) {
  core_->tls = tls_settings(identity.get());
}

void OperationsServer::set_api_keys(const std::vector<std::string>& keys) {
  core_->keys = ApiKeys(keys);
}

void OperationsServer::stop() {
  if (core_->stopped) return;
  core_->stopped = true;
  boost::system::error_code ignored;  // whatever close() says, the descriptor is gone
  (void)core_->acceptor.close(ignored);
  core_->accept_pause.cancel();
  for (Core::Connection* const connection : core_->connections) connection->close();
}

const OperationsServerStats& OperationsServer::stats() const noexcept {
  return core_->stats;
}

}  // namespace outcry::api
