// The operations port over TLS, with and without clients' certificates: a blocking OpenSSL client
// on a thread of its own, the server on the test's.
#include <future>
#include <thread>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/operations_server.h"
#include "net/tls_for_test.h"

namespace outcry::api {
namespace {

namespace asio = boost::asio;
namespace ssl = asio::ssl;
using asio::ip::tcp;
using net::test::load_certificate;
using net::test::make_certificate;
using net::test::Pem;
using testing::EndsWith;
using testing::StartsWith;

constexpr std::string_view kGet = "GET /livez HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n";

class OperationsTlsTest : public testing::Test {
 protected:
  ~OperationsTlsTest() override {
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }

  std::shared_ptr<net::TlsIdentity> identity(const Pem& pem, const Pem* client_root = nullptr) {
    std::vector<net::TlsCertificate> one;
    one.push_back(load_certificate(pem));
    auto out = std::make_shared<net::TlsIdentity>(std::move(one));
    if (client_root != nullptr) {
      EXPECT_FALSE(out->require_clients_of(directory_.write("ca", client_root->certificate)));
    }
    return out;
  }
  void start(std::shared_ptr<net::TlsIdentity> with) {
    Router router;
    router.add({"GET", "/livez", false,
                [](const Request&, Respond respond) { respond({.body = "alive"}); }});
    server_.emplace(io_, OperationsServerOptions{.tls = std::move(with)}, std::move(router));
    ASSERT_EQ(server_->listen("127.0.0.1", 0), std::error_code());
    thread_ = std::jthread([this] { io_.run(); });
  }
  /// The server is its thread's.
  template <class F>
  auto on_server(F f) {
    std::packaged_task<decltype(f())()> task(std::move(f));
    auto result = task.get_future();
    asio::post(io_, std::move(task));
    return result.get();
  }
  /// All of the answer; what went wrong instead of it.
  std::string get(const Pem& root, const Pem* own = nullptr) {
    asio::io_context io;
    ssl::context context(ssl::context::tls_client);
    context.add_certificate_authority(asio::buffer(root.certificate));
    context.set_verify_mode(ssl::verify_peer);
    if (own != nullptr) {
      context.use_certificate_chain(asio::buffer(own->certificate));
      context.use_private_key(asio::buffer(own->key), ssl::context::pem);
    }
    ssl::stream<tcp::socket> stream(io, context);
    boost::system::error_code error;
    stream.next_layer().connect({asio::ip::make_address("127.0.0.1"), server_->port()}, error);
    if (!error) stream.handshake(ssl::stream_base::client, error);
    if (!error) asio::write(stream, asio::buffer(kGet), error);
    std::string answer;
    if (!error) asio::read(stream, asio::dynamic_buffer(answer), error);
    return answer.empty() ? error.message() : answer;
  }

  const net::test::TestDirectory directory_;
  const Pem server_pem_ = make_certificate();
  asio::io_context io_;
  std::optional<OperationsServer> server_;
  std::jthread thread_;
};

TEST_F(OperationsTlsTest, a_request_is_answered_over_tls) {
  start(identity(server_pem_));
  EXPECT_THAT(get(server_pem_), AllOf(StartsWith("HTTP/1.1 200"), EndsWith("alive")));
}

TEST_F(OperationsTlsTest, plain_http_gets_no_answer) {
  start(identity(server_pem_));
  asio::io_context io;
  tcp::socket socket(io);
  socket.connect({asio::ip::make_address("127.0.0.1"), server_->port()});
  asio::write(socket, asio::buffer(kGet));
  std::string answer;
  boost::system::error_code error;
  asio::read(socket, asio::dynamic_buffer(answer), error);
  EXPECT_EQ(answer.find("HTTP"), std::string::npos);
  EXPECT_EQ(on_server([this] { return server_->stats().handshakes_failed; }), 1u);
}

TEST_F(OperationsTlsTest, a_caller_without_the_certificate_that_is_asked_for_is_refused) {
  const Pem own = make_certificate(), stranger = make_certificate();
  start(identity(server_pem_, &own));
  EXPECT_THAT(get(server_pem_, &own), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(get(server_pem_), testing::Not(StartsWith("HTTP/1.1")));
  EXPECT_THAT(get(server_pem_, &stranger), testing::Not(StartsWith("HTTP/1.1")));
  EXPECT_EQ(on_server([this] { return server_->stats().handshakes_failed; }), 2u);
}

TEST_F(OperationsTlsTest, new_connections_get_what_was_put_in_last) {
  const Pem next = make_certificate();
  start(identity(server_pem_));
  on_server([&] { server_->use(identity(next)); });
  EXPECT_THAT(get(next), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(get(server_pem_), testing::Not(StartsWith("HTTP/1.1")));
}

}  // namespace
}  // namespace outcry::api
