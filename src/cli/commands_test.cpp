#include "cli/commands.h"

#include <array>
#include <filesystem>
#include <fstream>
#include <future>
#include <sstream>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "auth/token_verifier.h"
#include "config/keys.h"

namespace outcry::cli {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr const char* kSecret = "d9Qm4vT7xKp2sR8yLw3zBn6cJf1gHa5e";

class CommandsTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "outcry-cli-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string write(const std::string& text, const char* name) {
    const auto path = directory_ / name;
    std::ofstream(path) << text;
    return path.string();
  }
  int command(const std::vector<std::string>& arguments) {
    out_.str({});
    err_.str({});
    return run(arguments, {out_, err_, environment_, serve_});
  }

  std::filesystem::path directory_;
  std::ostringstream out_;
  std::ostringstream err_;
  config::Environment environment_;
  std::function<int(const ServeOptions&)> serve_;
};

TEST_F(CommandsTest, the_default_configuration_it_prints_passes_its_own_check) {
  EXPECT_EQ(command({"default-config"}), kExitDone);
  EXPECT_EQ(out_.str(), config::default_config_toml());
  const std::string file = write(out_.str(), "outcry.toml");
  EXPECT_EQ(command({"check-config", file}), kExitUsage) << "it has no secret yet";
  EXPECT_THAT(err_.str(), AllOf(HasSubstr("auth.secret"), HasSubstr("operations.api_keys")));
  environment_ = {{"OUTCRY_AUTH_SECRET", kSecret},
                  {"OUTCRY_OPERATIONS_API_KEYS", "0123456789abcdef"}};
  EXPECT_EQ(command({"check-config", file}), kExitDone);
  EXPECT_EQ(out_.str(), file + ": ok\n");
}

TEST_F(CommandsTest, a_bad_configuration_is_told_with_its_line_and_exits_2) {
  const std::string file = write("[server]\nworkers = -1\n", "outcry.toml");
  EXPECT_EQ(command({"check-config", file}), kExitUsage);
  EXPECT_THAT(err_.str(), StartsWith(file + ":2: server.workers must be"));
  EXPECT_THAT(out_.str(), IsEmpty());
}

TEST_F(CommandsTest, wrong_usage_exits_2_and_help_exits_0) {
  EXPECT_EQ(command({}), kExitUsage);
  EXPECT_EQ(command({"no-such-command"}), kExitUsage);
  EXPECT_EQ(command({"check-config"}), kExitUsage);
  EXPECT_EQ(command({"token", "--user", "u", "--ttl", "0"}), kExitUsage);
  EXPECT_EQ(command({"--help"}), kExitDone);
  EXPECT_THAT(out_.str(), HasSubstr("publish"));
  EXPECT_EQ(command({"version"}), kExitDone);
  EXPECT_THAT(out_.str(), StartsWith("outcry "));
}

TEST_F(CommandsTest, serve_gets_its_options_and_its_configuration_errors_exit_2) {
  ServeOptions seen;
  serve_ = [&seen](const ServeOptions& options) {
    seen = options;
    return kExitDone;
  };
  EXPECT_EQ(command({"serve", "--config", "a.toml", "--dev"}), kExitDone);
  EXPECT_EQ(seen.config, "a.toml");
  EXPECT_TRUE(seen.development);

  serve_ = [](const ServeOptions&) -> int { throw config::ConfigError("auth.secret: is empty"); };
  EXPECT_EQ(command({"serve"}), kExitUsage);
  EXPECT_EQ(err_.str(), "auth.secret: is empty\n");
  serve_ = [](const ServeOptions&) -> int { throw std::runtime_error("port is taken"); };
  EXPECT_EQ(command({"serve"}), kExitFailed);
  EXPECT_EQ(err_.str(), "outcry: port is taken\n");
}

TEST_F(CommandsTest, a_token_is_one_that_the_gateway_takes) {
  const std::string file = write(std::string(kSecret) + "\n", "secret");
  ASSERT_EQ(
      command({"token", "--user", "u1", "--claim", "sub", "--ttl", "60", "--secret-file", file}),
      kExitDone)
      << err_.str();
  std::string token = out_.str();
  ASSERT_TRUE(token.ends_with('\n'));
  token.pop_back();
  std::vector<auth::Key> keys;
  keys.push_back({"", auth::Algorithm::hs256, kSecret});
  const auto claims = auth::TokenVerifier(std::move(keys), {}).verify(token, wall_now());
  ASSERT_TRUE(claims) << claims.error().message();
  EXPECT_EQ(claims->user, "u1");
  EXPECT_EQ(claims->identity_claim, "sub");
  EXPECT_EQ(claims->expires - *claims->issued_at, std::chrono::seconds(60));
}

TEST_F(CommandsTest, a_token_needs_a_secret_and_never_takes_it_as_an_argument) {
  EXPECT_EQ(command({"token", "--user", "u1"}), kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("no secret"));
  EXPECT_EQ(command({"token", "--user", "u1", "--secret", kSecret}), kExitUsage);
  environment_["OUTCRY_AUTH_SECRET"] = kSecret;
  EXPECT_EQ(command({"token", "--user", "u1"}), kExitDone);
}

/// Takes one HTTP request on a free port and answers it.
class OneRequest {
 public:
  explicit OneRequest(std::string response)
      : acceptor_(io_, {boost::asio::ip::address_v4::loopback(), 0}),
        request_(std::async(std::launch::async, [this, response = std::move(response)] {
          auto socket = acceptor_.accept();
          std::string received;
          auto buffer = boost::asio::dynamic_buffer(received);
          const std::size_t head = boost::asio::read_until(socket, buffer, "\r\n\r\n");
          const std::size_t at = received.find("Content-Length: ") + 16;
          const std::size_t length = std::stoul(received.substr(at));
          while (received.size() < head + length) {
            std::array<char, 1024> more{};
            received.append(more.data(), socket.read_some(boost::asio::buffer(more)));
          }
          boost::asio::write(socket, boost::asio::buffer(response));
          return received;
        })) {}

  [[nodiscard]] std::string address() const {
    return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port());
  }
  std::string request() { return request_.get(); }

 private:
  boost::asio::io_context io_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::future<std::string> request_;
};

TEST_F(CommandsTest, publish_posts_the_event_with_the_key_and_prints_the_answer) {
  OneRequest server("HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{\"id\":\"i-1\"}");
  const std::string key = write("the-api-key\n", "key");
  EXPECT_EQ(command({"publish", "--room", "challenge_1", "--event", "risk_alert", "--data",
                     R"([{"equity":1.10}])", "--id", "i-1", "--address", server.address(),
                     "--api-key-file", key}),
            kExitDone)
      << err_.str();
  EXPECT_EQ(out_.str(), "{\"id\":\"i-1\"}\n");
  const std::string request = server.request();
  EXPECT_THAT(request, AllOf(StartsWith("POST /v1/publish HTTP/1.1\r\n"),
                             HasSubstr("X-API-Key: the-api-key\r\n"),
                             HasSubstr("Content-Type: application/json\r\n")));
  EXPECT_TRUE(request.ends_with(
      R"({"room":"challenge_1","event":"risk_alert","id":"i-1","data":[{"equity":1.10}]})"))
      << request;
}

TEST_F(CommandsTest, a_refused_publication_exits_1_with_the_gateways_words) {
  OneRequest server("HTTP/1.1 401 Unauthorized\r\nContent-Length: 11\r\n\r\n{\"title\":1}");
  environment_["OUTCRY_API_KEY"] = "wrong";
  EXPECT_EQ(command({"publish", "--room", "r", "--event", "e", "--address", server.address()}),
            kExitFailed);
  EXPECT_THAT(err_.str(), AllOf(HasSubstr("401"), HasSubstr("{\"title\":1}")));
  EXPECT_THAT(server.request(), HasSubstr("X-API-Key: wrong"));
}

TEST_F(CommandsTest, publish_refuses_what_it_cannot_send) {
  const std::vector<std::string> base{"publish", "--room", "r", "--event", "e", "--address"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.begin(), base.begin(), base.end());
    return command(more);
  };
  EXPECT_EQ(with({"127.0.0.1:1"}), kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("no API key"));
  environment_["OUTCRY_API_KEY"] = "k";
  EXPECT_EQ(with({"127.0.0.1:1", "--data", "{oops"}), kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("--data is not JSON"));
  EXPECT_EQ(with({"example.com:80"}), kExitUsage);
  environment_["OUTCRY_API_KEY"] = "k\r\nX-Other: 1";
  EXPECT_EQ(with({"127.0.0.1:1"}), kExitUsage);
  EXPECT_THAT(err_.str(), HasSubstr("API key"));
}

TEST_F(CommandsTest, publish_says_that_it_speaks_no_tls) {
  environment_["OUTCRY_API_KEY"] = "k";
  const std::string file =
      write("[operations]\ntls_certificate_file = \"a\"\ntls_key_file = \"b\"\n", "tls.toml");
  EXPECT_EQ(command({"publish", "--room", "r", "--event", "e", "--config", file}), kExitUsage);
  EXPECT_THAT(err_.str(), AllOf(HasSubstr("speaks TLS"), HasSubstr("curl")));
}

}  // namespace
}  // namespace outcry::cli
