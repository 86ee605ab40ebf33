#include "webclient/web_connection.h"

#include <optional>
#include <sys/socket.h>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "webclient/web_exchange.h"

namespace outcry::webclient {

namespace asio = boost::asio;

struct WebServer {
  WebUrl url;
  asio::ssl::context tls{asio::ssl::context::tls_client};
};

namespace http = boost::beast::http;

WebResponse response_of(HttpResponse&& message) {
  WebResponse response;
  response.status = message.result_int();
  for (const auto& field : message) {
    response.headers.emplace_back(field.name_string(), field.value());
  }
  response.body = std::move(message.body());
  return response;
}

WebError cause_of_read(const ErrorCode& error) {
  const ErrorCode ended = http::error::end_of_stream;
  if (error.category() != ended.category()) return WebError::connection_lost;
  if (error == ended || error == http::error::partial_message) return WebError::connection_lost;
  if (error == http::error::body_limit) return WebError::body_too_large;
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return WebError::headers_too_large;
  }
  return WebError::malformed_response;
}

namespace {

using asio::ip::tcp;

HttpRequest message_of(const WebRequest& request, const WebUrl& url) {
  HttpRequest message(http::string_to_verb(request.method), request.target, 11);
  if (message.method() == http::verb::unknown) message.method_string(request.method);
  message.set(http::field::host, url.authority());
  message.set(http::field::user_agent, "outcry");
  for (const auto& [name, value] : request.headers) message.set(name, value);
  message.body() = request.body;
  message.prepare_payload();
  return message;
}

WebError cause_of_handshake(SSL* ssl) {
  switch (SSL_get_verify_result(ssl)) {
    case X509_V_OK:
      return WebError::tls_failed;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return WebError::wrong_host_certificate;
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return WebError::expired_certificate;
    default:
      return WebError::untrusted_certificate;
  }
}

/// Whose certificate the handshake accepts: a name's or an address's, in the subjectAltName alone
/// (RFC 9110 §4.3.4). False if OpenSSL refuses.
bool expect_host(SSL* ssl, const std::string& host) {
  X509_VERIFY_PARAM* const expected = SSL_get0_param(ssl);
  X509_VERIFY_PARAM_set_hostflags(
      expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  ErrorCode not_an_address;
  (void)asio::ip::make_address(host, not_an_address);
  if (!not_an_address) return X509_VERIFY_PARAM_set1_ip_asc(expected, host.c_str()) == 1;
  return SSL_set_tlsext_host_name(ssl, host.c_str()) == 1 &&
         X509_VERIFY_PARAM_set1_host(expected, host.c_str(), host.size()) == 1;
}

class Connection final : public WebConnection, public std::enable_shared_from_this<Connection> {
 public:
  Connection(asio::any_io_executor executor, std::shared_ptr<WebServer> server, WebLimits limits)
      : executor_(std::move(executor)),
        server_(std::move(server)),
        limits_(limits),
        resolver_(executor_),
        socket_(executor_),
        buffer_(limits.header_bytes_max + kReadBytes) {}

  void exchange(const WebRequest& request, WebAnswer done) override {
    message_ = message_of(request, server_->url);
    heard_ = false;
    kept_ = false;
    asio::co_spawn(executor_, run(),
                   [self = shared_from_this(), done = std::move(done)](
                       const std::exception_ptr& thrown, Result<WebResponse> response) mutable {
                     // Out of memory is all that throws.
                     if (thrown) response = fail(WebError::connection_lost);
                     if (!self->kept_) self->close();
                     done(std::move(response));
                   });
  }

  [[nodiscard]] bool usable() override {
    if (!kept_) return false;
    // An end, or bytes that nobody asked for, mean that the server is done with it.
    char byte = 0;
    const auto count = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  }

  [[nodiscard]] bool heard() const override { return heard_; }

  void close() override {
    closed_ = true;
    kept_ = false;
    ErrorCode ignored;  // whatever close() says, the descriptor is gone
    (void)socket_.close(ignored);
    resolver_.cancel();
  }

 private:
  asio::awaitable<Result<WebResponse>> run() {
    if (!opened_) {
      const WebError failure = co_await open();
      if (failure != WebError::none) co_return fail(failure);
      opened_ = true;
    }
    if (tls_) co_return co_await transfer(*tls_);
    co_return co_await transfer(socket_);
  }

  asio::awaitable<WebError> open() {
    const WebUrl& url = server_->url;
    ErrorCode error;
    const auto addresses =
        co_await resolver_.async_resolve(url.host, std::to_string(url.port), awaited(error));
    if (closed_) co_return WebError::connection_lost;
    if (error) co_return WebError::name_not_found;
    co_await asio::async_connect(socket_, addresses, awaited(error));
    if (closed_) co_return WebError::connection_lost;
    if (error) co_return WebError::unreachable;
    (void)socket_.set_option(tcp::no_delay(true), error);  // slower without, and no worse
    if (!url.tls) co_return WebError::none;

    tls_.emplace(socket_, server_->tls);
    if (!expect_host(tls_->native_handle(), url.host)) co_return WebError::tls_failed;
    co_await tls_->async_handshake(asio::ssl::stream_base::client, awaited(error));
    co_return error ? cause_of_handshake(tls_->native_handle()) : WebError::none;
  }

  template <class Stream>
  asio::awaitable<Result<WebResponse>> transfer(Stream& stream) {
    Exchanged done = co_await exchange_over(stream, message_, buffer_, limits_);
    heard_ = done.heard;
    kept_ = done.keeps && !closed_;
    co_return std::move(done.response);
  }

  const asio::any_io_executor executor_;
  const std::shared_ptr<WebServer> server_;
  const WebLimits limits_;
  tcp::resolver resolver_;
  tcp::socket socket_;
  std::optional<asio::ssl::stream<tcp::socket&>> tls_;
  boost::beast::flat_buffer buffer_;
  HttpRequest message_;
  bool opened_ = false;
  bool heard_ = false;
  bool kept_ = false;
  bool closed_ = false;
};

}  // namespace

Result<std::shared_ptr<WebServer>> make_web_server(WebUrl url, const std::string& ca_file) {
  auto server = std::make_shared<WebServer>();
  server->url = std::move(url);
  if (!server->url.tls) return server;
  asio::ssl::context& tls = server->tls;
  ErrorCode error;
  if (SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_2_VERSION) != 1) {
    return fail(WebError::tls_failed);
  }
  (void)tls.set_verify_mode(asio::ssl::verify_peer, error);  // this call can't fail
  if (ca_file.empty()) {
    (void)tls.set_default_verify_paths(error);
  } else {
    (void)tls.load_verify_file(ca_file, error);
  }
  if (error) return fail(WebError::bad_ca_file);
  return server;
}

std::shared_ptr<WebConnection> WebConnection::create(asio::any_io_executor executor,
                                                     std::shared_ptr<WebServer> server,
                                                     WebLimits limits) {
  return std::make_shared<Connection>(std::move(executor), std::move(server), limits);
}

}  // namespace outcry::webclient
