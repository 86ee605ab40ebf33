// Whom a client of TLS trusts, and what it does where the other side speaks none.
#include <string>
#include <system_error>

#include <gtest/gtest.h>

#include "net/tls_for_test.h"
#include "webclient/web_client.h"
#include "webclient/web_client_fixture.h"

namespace outcry::webclient {
namespace {

using test::always;

class WebClientTls : public test::WebClientTest {
 protected:
  std::error_code error_with(const net::test::CertificateWish& wish, const std::string& host,
                             bool trusted = true) {
    const net::test::Pem pem = net::test::make_certificate(wish);
    const WebServerForTest server(io, always(ok("sealed")), pem.certificate, pem.key);
    WebClientOptions options = to(server);
    options.url.tls = true;
    options.url.host = host;
    if (trusted) options.ca_file = directory.write("ca.pem", pem.certificate);
    const auto answer = ask(*client(options));
    if (!answer) return answer.error();
    EXPECT_EQ(answer->body, "sealed");
    return {};
  }
  net::test::TestDirectory directory;
};

TEST_F(WebClientTls, a_trusted_certificate_for_the_name_or_address_is_good) {
  EXPECT_EQ(error_with({}, "localhost"), std::error_code());
  EXPECT_EQ(error_with({}, "127.0.0.1"), std::error_code());
}

TEST_F(WebClientTls, a_certificate_that_nobody_vouches_for_is_refused) {
  EXPECT_EQ(error_with({}, "localhost", false), WebError::untrusted_certificate);
}

TEST_F(WebClientTls, a_certificate_for_another_host_is_refused) {
  EXPECT_EQ(error_with({.names = "DNS:other.example"}, "localhost"),
            WebError::wrong_host_certificate);
  // The subject's CN is localhost: it doesn't count.
  EXPECT_EQ(error_with({.names = "DNS:other.example,IP:127.0.0.1"}, "localhost"),
            WebError::wrong_host_certificate);
  EXPECT_EQ(error_with({.names = "DNS:localhost,IP:127.0.0.2"}, "127.0.0.1"),
            WebError::wrong_host_certificate);
}

TEST_F(WebClientTls, a_certificate_out_of_its_time_is_refused) {
  using std::chrono::hours;
  EXPECT_EQ(error_with({.valid_from = hours(-48), .valid_until = hours(-1)}, "localhost"),
            WebError::expired_certificate);
  EXPECT_EQ(error_with({.valid_from = hours(1), .valid_until = hours(48)}, "localhost"),
            WebError::expired_certificate);
}

TEST_F(WebClientTls, a_server_without_tls_fails_the_handshake) {
  const WebServerForTest server(io, always(ok("")));
  WebClientOptions options = to(server);
  options.url.tls = true;
  options.timeout = milliseconds(300);  // it waits for the end of a request that never ends
  EXPECT_EQ(ask(*client(options)).error(), WebError::timed_out);
}

TEST_F(WebClientTls, a_client_without_tls_gets_no_answer_from_a_server_with_it) {
  const net::test::Pem pem = net::test::make_certificate();
  const WebServerForTest server(io, always(ok("")), pem.certificate, pem.key);
  EXPECT_EQ(ask(*client(to(server))).error(), WebError::connection_lost);
}

TEST_F(WebClientTls, a_file_without_certificates_is_refused_at_once) {
  WebClientOptions options;
  options.ca_file = directory.write("empty.pem", "nothing here");
  EXPECT_EQ(WebClient::create(io.get_executor(), options).error(), WebError::bad_ca_file);
  options.ca_file = directory.path("absent.pem");
  EXPECT_EQ(WebClient::create(io.get_executor(), options).error(), WebError::bad_ca_file);
}

TEST_F(WebClientTls, a_kept_connection_serves_the_next_request) {
  const net::test::Pem pem = net::test::make_certificate();
  const WebServerForTest server(io, always(ok("x")), pem.certificate, pem.key);
  WebClientOptions options = to(server);
  options.url.tls = true;
  options.ca_file = directory.write("ca.pem", pem.certificate);
  const auto client = this->client(options);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(ask(*client));
  EXPECT_EQ(server.connections(), 1);
}

}  // namespace
}  // namespace outcry::webclient
