// webclient/web_exchange.h — one request and its answer over a stream, whatever that is: TCP, TLS,
// or what a fuzz target has written.
//
// The only header with the templates of HTTP: for web_connection.cpp and the fuzz target alone.
// Thread: the stream's executor's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "webclient/web_connection.h"
#include "webclient/web_message.h"

namespace outcry::webclient {

using HttpRequest = boost::beast::http::request<boost::beast::http::string_body>;
using HttpResponse = boost::beast::http::response<boost::beast::http::string_body>;
using ErrorCode = boost::system::error_code;

/// A step of a coroutine that puts its error there instead of throwing it.
[[nodiscard]] inline auto awaited(ErrorCode& error) {
  return boost::asio::redirect_error(boost::asio::use_awaitable, error);
}

[[nodiscard]] WebResponse response_of(HttpResponse&& message);
[[nodiscard]] WebError cause_of_read(const ErrorCode& error);

struct Exchanged {
  Result<WebResponse> response;
  bool heard = false;  // anything came
  bool keeps = false;  // the server keeps the connection, and has said nothing more
};

/// How much a buffer takes beyond an answer's headers.
inline constexpr std::size_t kReadBytes = 16 * 1024;
inline constexpr int kInterimMax = 8;  // 1xx answers before the one that counts

/// `buffer` has what was read and not used, and takes header_bytes_max + kReadBytes at most.
template <class Stream>
boost::asio::awaitable<Exchanged> exchange_over(Stream& stream, HttpRequest& request,
                                                boost::beast::flat_buffer& buffer,
                                                WebLimits limits) {
  namespace http = boost::beast::http;
  Exchanged out{.response = fail(WebError::malformed_response)};
  ErrorCode error;
  co_await http::async_write(stream, request, awaited(error));
  if (error) {
    out.response = fail(WebError::connection_lost);
    co_return out;
  }
  for (int i = 0; i < kInterimMax; ++i) {
    http::response_parser<http::string_body> parser;
    parser.header_limit(static_cast<std::uint32_t>(limits.header_bytes_max));
    parser.body_limit(limits.body_bytes_max);
    parser.skip(request.method() == http::verb::head);
    co_await http::async_read_header(stream, buffer, parser, awaited(error));
    out.heard = out.heard || parser.got_some() || buffer.size() > 0;
    if (!error) {
      const unsigned status = parser.get().result_int();
      if (status < 100) co_return out;  // Beast takes any three digits (RFC 9110 §15)
      if (status < 200) continue;
      co_await http::async_read(stream, buffer, parser, awaited(error));
    }
    if (error) {
      out.response = fail(cause_of_read(error));
      co_return out;
    }
    out.keeps = parser.keep_alive() && buffer.size() == 0;
    out.response = response_of(parser.release());
    co_return out;
  }
  co_return out;
}

}  // namespace outcry::webclient
