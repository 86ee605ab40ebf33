// api/operations_stream.h — a connection of the operations port: plain TCP, or TLS over it.
//
// What Asio and Beast want of a stream, so that the server's code is one for both.
// Thread: the control thread.
#pragma once

#include <optional>
#include <utility>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/tcp_stream.hpp>

namespace outcry::api {

class OperationsStream {
 public:
  using executor_type = boost::beast::tcp_stream::executor_type;

  /// `tls` is read here only; nullptr: plain.
  OperationsStream(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context* tls)
      : tcp_(std::move(socket)) {
    if (tls != nullptr) tls_.emplace(tcp_, *tls);
  }

  [[nodiscard]] bool is_tls() const noexcept { return tls_.has_value(); }
  /// Below TLS; its time limit is that of all operations.
  [[nodiscard]] boost::beast::tcp_stream& tcp() noexcept { return tcp_; }
  executor_type get_executor() noexcept { return tcp_.get_executor(); }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    if (tls_) return tls_->async_read_some(buffers, std::forward<Token>(token));
    return tcp_.async_read_some(buffers, std::forward<Token>(token));
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    if (tls_) return tls_->async_write_some(buffers, std::forward<Token>(token));
    return tcp_.async_write_some(buffers, std::forward<Token>(token));
  }
  /// For TLS only: the server's handshake, and its close_notify with the peer's in return.
  template <class Token>
  auto async_handshake(Token&& token) {
    return tls_->async_handshake(boost::asio::ssl::stream_base::server, std::forward<Token>(token));
  }
  template <class Token>
  auto async_shutdown(Token&& token) {
    return tls_->async_shutdown(std::forward<Token>(token));
  }

 private:
  boost::beast::tcp_stream tcp_;
  std::optional<boost::asio::ssl::stream<boost::beast::tcp_stream&>> tls_;
};

}  // namespace outcry::api
