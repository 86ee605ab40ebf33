#include "webclient/web_server_for_test.h"

#include <charconv>
#include <optional>
#include <set>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

namespace outcry::webclient {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

auto awaited(boost::system::error_code& error) {
  return asio::redirect_error(asio::use_awaitable, error);
}

std::size_t content_length(const std::string& head) {
  constexpr std::string_view kName = "Content-Length: ";
  const std::size_t at = head.find(kName);
  std::size_t length = 0;
  if (at != std::string::npos) {
    std::from_chars(head.data() + at + kName.size(), head.data() + head.size(), length);
  }
  return length;
}

}  // namespace

struct WebServerForTest::Core : std::enable_shared_from_this<Core> {
  Core(asio::io_context& io_context, Script wanted)
      : io(io_context),
        script(std::move(wanted)),
        acceptor(io_context, {asio::ip::address_v4::loopback(), 0}) {}

  asio::awaitable<void> accept_all();
  asio::awaitable<void> serve(std::shared_ptr<tcp::socket> socket);
  template <class Stream>
  asio::awaitable<void> answer(Stream& stream);

  asio::io_context& io;
  Script script;
  tcp::acceptor acceptor;
  std::optional<asio::ssl::context> tls;
  std::set<std::shared_ptr<tcp::socket>> sockets;
  int connections = 0;
  int requests = 0;
};

asio::awaitable<void> WebServerForTest::Core::accept_all() {
  boost::system::error_code error;
  while (acceptor.is_open()) {
    auto socket = std::make_shared<tcp::socket>(io);
    co_await acceptor.async_accept(*socket, awaited(error));
    if (error) continue;
    ++connections;
    sockets.insert(socket);
    asio::co_spawn(io, serve(socket),
                   [self = shared_from_this(), socket](const std::exception_ptr&) {
                     boost::system::error_code ignored;  // closed is closed
                     (void)socket->close(ignored);
                     self->sockets.erase(socket);
                   });
  }
}

asio::awaitable<void> WebServerForTest::Core::serve(std::shared_ptr<tcp::socket> socket) {
  if (!tls) {
    co_await answer(*socket);
    co_return;
  }
  asio::ssl::stream<tcp::socket&> stream(*socket, *tls);
  boost::system::error_code error;
  co_await stream.async_handshake(asio::ssl::stream_base::server, awaited(error));
  if (!error) co_await answer(stream);
}

template <class Stream>
asio::awaitable<void> WebServerForTest::Core::answer(Stream& stream) {
  boost::system::error_code error;
  std::string input;
  for (;;) {
    const std::size_t head = co_await asio::async_read_until(stream, asio::dynamic_buffer(input),
                                                             "\r\n\r\n", awaited(error));
    if (error) co_return;
    const std::size_t whole = head + content_length(input.substr(0, head));
    if (input.size() < whole) {
      co_await asio::async_read(stream, asio::dynamic_buffer(input),
                                asio::transfer_exactly(whole - input.size()), awaited(error));
      if (error) co_return;
    }
    const Reply reply = script(input.substr(0, whole), requests++);
    input.erase(0, whole);
    if (reply.delay.count() > 0) {
      asio::steady_timer timer(io, reply.delay);
      co_await timer.async_wait(awaited(error));
    }
    co_await asio::async_write(stream, asio::buffer(reply.bytes), awaited(error));
    if (error) co_return;
    if (reply.close) co_return;
  }
}

WebServerForTest::WebServerForTest(asio::io_context& io, Script script, std::string certificate,
                                   std::string key)
    : core_(std::make_shared<Core>(io, std::move(script))) {
  if (!certificate.empty()) {
    core_->tls.emplace(asio::ssl::context::tls_server);
    core_->tls->use_certificate_chain(asio::buffer(certificate));
    core_->tls->use_private_key(asio::buffer(key), asio::ssl::context::pem);
  }
  asio::co_spawn(io, core_->accept_all(), [core = core_](const std::exception_ptr&) {});
}

WebServerForTest::~WebServerForTest() {
  core_->acceptor.close();
  close_all();
}

void WebServerForTest::close_all() {
  boost::system::error_code ignored;  // closed is closed
  for (const auto& socket : core_->sockets) (void)socket->close(ignored);
}

std::uint16_t WebServerForTest::port() const {
  return core_->acceptor.local_endpoint().port();
}
int WebServerForTest::connections() const {
  return core_->connections;
}
int WebServerForTest::open() const {
  return static_cast<int>(core_->sockets.size());
}
int WebServerForTest::requests() const {
  return core_->requests;
}

std::string ok(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace outcry::webclient
