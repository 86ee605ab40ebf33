// Whatever a server answers, in whatever pieces: an answer within the limits or an error, the same
// in one piece and torn at each byte.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "webclient/web_exchange.h"

namespace {

namespace asio = boost::asio;
using namespace outcry;
using namespace outcry::webclient;

constexpr WebLimits kLimits{.header_bytes_max = 512, .body_bytes_max = 1024};

/// What the server has to say, so many bytes for each read; then it is gone. It takes any request.
class ScriptedStream {
 public:
  using executor_type = asio::io_context::executor_type;

  ScriptedStream(asio::io_context& io, std::string_view bytes, std::size_t piece)
      : io_(io), rest_(bytes), piece_(piece) {}

  [[nodiscard]] executor_type get_executor() const noexcept { return io_.get_executor(); }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    const asio::const_buffer next(rest_.data(), std::min(piece_, rest_.size()));
    const std::size_t count = asio::buffer_copy(buffers, next);
    rest_.remove_prefix(count);
    return finish(count == 0 ? asio::error::eof : ErrorCode(), count, std::forward<Token>(token));
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return finish({}, asio::buffer_size(buffers), std::forward<Token>(token));
  }

 private:
  template <class Token>
  auto finish(ErrorCode error, std::size_t count, Token&& token) {
    return asio::async_initiate<Token, void(ErrorCode, std::size_t)>(
        [this, error, count](auto handler) {
          asio::post(io_, [handler = std::move(handler), error, count]() mutable {
            std::move(handler)(error, count);
          });
        },
        token);
  }

  asio::io_context& io_;
  std::string_view rest_;
  const std::size_t piece_;
};

Exchanged exchange(std::string_view bytes, std::size_t piece, HttpRequest request) {
  asio::io_context io;
  ScriptedStream stream(io, bytes, piece);
  boost::beast::flat_buffer buffer(kLimits.header_bytes_max + kReadBytes);
  std::optional<Exchanged> out;
  const auto run = [&]() -> asio::awaitable<void> {
    out = co_await exchange_over(stream, request, buffer, kLimits);
  };
  asio::co_spawn(io, run(), asio::detached);
  io.run();
  if (!out) std::abort();  // a stream that has ended leaves nothing to wait for
  return *std::move(out);
}

void require(bool condition) {
  if (!condition) std::abort();
}

/// What follows reads it as text of one line each, and relies on the sizes.
void check(const WebResponse& response) {
  require(response.status >= 200 && response.status <= 999);
  require(response.body.size() <= kLimits.body_bytes_max);
  std::size_t header_bytes = 0;
  for (const auto& [name, value] : response.headers) {
    require(!name.empty());
    require((name + value).find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos);
    header_bytes += name.size() + value.size();
  }
  // Trailers of a chunked body count by themselves.
  require(header_bytes <= 2 * kLimits.header_bytes_max);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  namespace http = boost::beast::http;
  for (const auto verb : {http::verb::get, http::verb::head}) {
    const HttpRequest request(verb, "/keys", 11);
    const Exchanged whole = exchange(bytes, std::max<std::size_t>(size, 1), request);
    const Exchanged torn = exchange(bytes, 1, request);
    require(whole.heard == torn.heard && whole.heard == !bytes.empty());
    if (whole.response.has_value() != torn.response.has_value()) {
      // Beast looks at the limit of headers after a read: one read may bring somewhat more.
      const auto& refused = whole.response ? torn.response : whole.response;
      require(refused.error() == WebError::headers_too_large);
      continue;
    }
    if (!whole.response) continue;
    check(*whole.response);
    require(whole.response->status == torn.response->status);
    require(whole.response->headers == torn.response->headers);
    require(whole.response->body == torn.response->body);
    require(!whole.keeps || torn.keeps);
  }
  return 0;
}
