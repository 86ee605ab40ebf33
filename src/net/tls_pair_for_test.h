// net/tls_pair_for_test.h — one TLS connection whose two ends a test holds.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <vector>

#include <gtest/gtest.h>

#include "base/bytes.h"
#include "net/tls_context.h"
#include "net/tls_for_test.h"
#include "net/tls_stream.h"
#include "net/unique_fd.h"

namespace outcry::net::test {

/// One connection: a socket pair, the stream at one end, OpenSSL's client at the other.
class Pair {
 public:
  explicit Pair(TlsContext& context, const TlsClient::Options& options = {})
      : client(options), stream(context.accept()) {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
    near.emplace(ends[0]);
    far.emplace(ends[1]);
  }

  /// To the server's socket, as it is.
  void deliver(std::string_view sealed) {
    EXPECT_EQ(::send(far->get(), sealed.data(), sealed.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(sealed.size()));
  }
  /// What the server's socket has for the client, as it is.
  std::string fetch() {
    std::string out(1 << 20, '\0');
    const ssize_t got = ::recv(far->get(), out.data(), out.size(), 0);
    out.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return out;
  }
  /// One read; what it brings is appended to `received`.
  std::error_code read() {
    const auto got = stream->read_some(near->get(), buffer_);
    if (!got) return got.error();
    received.append(as_text(std::span(buffer_).first(*got)));
    ended = *got == 0;
    return {};
  }
  Result<std::size_t> write(std::span<const iovec> parts) {
    return stream->write_some(near->get(), parts);
  }
  Result<std::size_t> write(std::string_view text) {
    const iovec part{const_cast<char*>(text.data()), text.size()};
    return write(std::span(&part, 1));
  }
  /// Carries bytes until both have said all; returns the first error of a read but EAGAIN.
  std::error_code exchange() {
    for (;;) {
      const std::string up = client.output();
      if (!up.empty()) {
        deliver(up);
        const auto error = read();
        if (error && error != std::errc::resource_unavailable_try_again) {
          client.feed(fetch());
          return error;
        }
      }
      const std::string down = fetch();
      if (up.empty() && down.empty()) return {};
      client.feed(down);
    }
  }

  TlsClient client;
  std::unique_ptr<TlsStream> stream;
  std::optional<UniqueFd> near, far;
  std::string received;
  bool ended = false;

 private:
  std::vector<std::byte> buffer_ = std::vector<std::byte>(64 * 1024);
};

}  // namespace outcry::net::test
