#include "load/stream.h"

#include <array>
#include <string>
#include <sys/socket.h>

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <unistd.h>

#include "net/tls_for_test.h"

namespace outcry::bench {
namespace {

/// A port of this machine; with a certificate it speaks TLS. Never waits: the test takes turns.
class Server {
 public:
  explicit Server(SSL_CTX* context = nullptr)
      : context_(context), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t bytes = sizeof address_;
    EXPECT_EQ(bind(listener_, reinterpret_cast<const sockaddr*>(&address_), bytes), 0);
    EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address_), &bytes), 0);
    EXPECT_EQ(listen(listener_, 8), 0);
  }
  ~Server() {
    end();
    ::close(listener_);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void accept_one() {
    end();
    connection_ = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    ASSERT_GE(connection_, 0);
    if (context_ == nullptr) return;
    state_ = SSL_new(context_);
    SSL_set_fd(state_, connection_);
    SSL_set_accept_state(state_);
  }
  /// Sends back what it reads.
  void echo() {
    std::array<char, 1024> chunk;
    if (state_ != nullptr) {
      const int got = SSL_read(state_, chunk.data(), chunk.size());
      if (got > 0) SSL_write(state_, chunk.data(), got);
      return;
    }
    const ssize_t got = recv(connection_, chunk.data(), chunk.size(), 0);
    if (got > 0) send(connection_, chunk.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL);
  }
  void end() {
    if (state_ != nullptr) {
      SSL_shutdown(state_);
      SSL_free(state_);
    }
    if (connection_ >= 0) ::close(connection_);
    state_ = nullptr;
    connection_ = -1;
  }
  [[nodiscard]] const sockaddr_in& address() const { return address_; }

 private:
  SSL_CTX* context_;
  int listener_;
  int connection_ = -1;
  SSL* state_ = nullptr;
  sockaddr_in address_{};
};

/// Writes `text` and takes turns with the server until it came back, or something went wrong.
IoResult exchange(Stream& stream, Server& server, const std::string& text, std::string& back) {
  constexpr int kTurnsMax = 1000;
  std::array<char, 1024> chunk;
  std::string unsent = text;
  for (int turn = 0; turn < kTurnsMax && back.size() < text.size(); ++turn) {
    if (!unsent.empty()) {
      const IoResult sent = stream.write(unsent);
      if (sent.status == IoStatus::failed || sent.status == IoStatus::ended) return sent;
      unsent.erase(0, sent.bytes);
    }
    server.echo();
    const IoResult got = stream.read(chunk.data(), chunk.size());
    if (got.status == IoStatus::failed || got.status == IoStatus::ended) return got;
    back.append(chunk.data(), got.bytes);
    pollfd wanted{stream.fd(), POLLIN, 0};
    (void)::poll(&wanted, 1, 1);  // only to leave the kernel its time
  }
  return {IoStatus::done, back.size()};
}

TEST(Stream, plain_bytes_go_there_and_back_until_the_end) {
  Server server;
  Stream stream;
  ASSERT_EQ(stream.open(server.address(), nullptr, 0, 0), "");
  server.accept_one();
  std::string back;
  EXPECT_EQ(exchange(stream, server, "hello", back).status, IoStatus::done);
  EXPECT_EQ(back, "hello");
  server.end();
  EXPECT_EQ(exchange(stream, server, "more", back = "").status, IoStatus::ended);
}

TEST(Stream, a_receive_buffer_is_as_small_as_asked) {
  Server server;
  Stream stream;
  ASSERT_EQ(stream.open(server.address(), nullptr, 0, 16'384), "");
  int bytes = 0;
  socklen_t size = sizeof bytes;
  ASSERT_EQ(getsockopt(stream.fd(), SOL_SOCKET, SO_RCVBUF, &bytes, &size), 0);
  EXPECT_EQ(bytes, 2 * 16'384);  // the kernel doubles it for its own bookkeeping
}

struct TlsStream : testing::Test {
  TlsStream() : context(SSL_CTX_new(TLS_server_method())) {
    const net::test::Pem pem = net::test::make_certificate();
    certificate = directory.write("certificate.pem", pem.certificate);
    const std::string key = directory.write("key.pem", pem.key);
    SSL_CTX_use_certificate_chain_file(context, certificate.c_str());
    SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM);
  }
  ~TlsStream() override { SSL_CTX_free(context); }

  std::string say(Server& server, TlsClient& tls, std::uint32_t index) {
    Stream stream;
    EXPECT_EQ(stream.open(server.address(), &tls, index, 0), "");
    server.accept_one();
    std::string back;
    const IoResult result = exchange(stream, server, "hello", back);
    return result.status == IoStatus::done ? back : "failed: " + result.why;
  }

  net::test::TestDirectory directory;
  SSL_CTX* context;
  std::string certificate;
};

TEST_F(TlsStream, who_comes_back_resumes_with_its_own_ticket) {
  Server server(context);
  TlsClient tls({.enabled = true, .ca_file = certificate}, 2);
  EXPECT_EQ(say(server, tls, 0), "hello");
  EXPECT_EQ(say(server, tls, 1), "hello");
  EXPECT_EQ(tls.stats().handshakes, 2U);
  EXPECT_EQ(tls.stats().resumed, 0U);
  EXPECT_EQ(say(server, tls, 1), "hello");
  EXPECT_EQ(tls.stats().handshakes, 3U);
  EXPECT_EQ(tls.stats().resumed, 1U);
  EXPECT_EQ(tls.stats().version, "TLSv1.3");
}

TEST_F(TlsStream, without_resumption_each_handshake_is_a_whole_one) {
  Server server(context);
  TlsClient tls({.enabled = true, .resume = false}, 1);
  EXPECT_EQ(say(server, tls, 0), "hello");
  EXPECT_EQ(say(server, tls, 0), "hello");
  EXPECT_EQ(tls.stats().resumed, 0U);
}

TEST_F(TlsStream, a_stranger_s_certificate_is_refused_where_one_is_wanted) {
  Server server(context);
  const std::string other = directory.write("other.pem", net::test::make_certificate().certificate);
  TlsClient tls({.enabled = true, .ca_file = other}, 1);
  EXPECT_NE(say(server, tls, 0).find("certificate verify failed"), std::string::npos);
  EXPECT_EQ(tls.stats().handshakes, 0U);
}

}  // namespace
}  // namespace outcry::bench
