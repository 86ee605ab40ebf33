// gateway/gateway_fixture.h — the whole gateway in a test's process: real sockets, four workers, an
// SQLite file.
#pragma once

#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "gateway/client_for_test.h"
#include "gateway/database_for_test.h"
#include "gateway/gateway.h"

namespace outcry::gateway {

constexpr int kUsers = 40;
constexpr int kChallenges = 12;

inline std::string user_name(int user) {
  return fmt::format("user{}", user);
}
/// Each challenge has one owner; some users own several.
inline int owner_of(int challenge) {
  return challenge % (kUsers / 4);
}

class GatewayTest : public testing::Test {
 protected:
  GatewayTest() {
    std::string name = (std::filesystem::temp_directory_path() / "outcry-gateway-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
    directory_ = name;
    config_.server.listen = "127.0.0.1:0";
    config_.server.workers = 4;
    config_.auth.secret = test::kSecret;
    config_.eventlog.events_max = 0;                    // rooms end with their last member
    config_.limits.user_failed_joins_delay_at = 1'000;  // histories ask for what isn't theirs
    config_.limits.user_failed_joins_ban_at = 1'000;
  }
  ~GatewayTest() override {
    stop();
    std::filesystem::remove_all(directory_);
  }

  /// Runs statements on the back end's database, as the back end does.
  void run_sql(const std::string& sql) {
    ASSERT_EQ(test::run_sql(directory_ / "app.db", sql), "") << sql;
  }
  void use_store() {
    std::string sql = "CREATE TABLE challenges (id TEXT PRIMARY KEY, user_id TEXT NOT NULL);";
    for (int i = 0; i < kChallenges; ++i) {
      sql += fmt::format("INSERT INTO challenges VALUES ('{}', '{}');", i, user_name(owner_of(i)));
    }
    run_sql(sql);
    config_.store.url = "sqlite:" + (directory_ / "app.db").string();
    config_.store.question_timeout = milliseconds(20'000);  // on a busy machine only a hang
  }
  void start() {
    gateway_ = std::make_unique<Gateway>(io_, config_);
    gateway_->start();
    control_ = std::jthread([this] { io_.run(); });
  }
  void stop() {
    if (!control_.joinable()) return;
    work_.reset();
    io_.stop();
    control_.join();
    gateway_.reset();
  }

  /// Runs f on the control thread and returns what it returned.
  template <class F>
  auto on_control(F f) {
    std::packaged_task<decltype(f())()> task(std::move(f));
    auto result = task.get_future();
    boost::asio::post(io_, std::move(task));
    return result.get();
  }
  std::uint16_t port() const { return gateway_->port(); }

  Result<PublishReceipt> publish(bus::Publication publication) {
    return on_control([&] {
      std::optional<Result<PublishReceipt>> out;
      gateway_->publish(std::move(publication), [&](Result<PublishReceipt> r) { out = r; });
      return out.value();  // known at once
    });
  }
  Result<PublishReceipt> publish(bus::Audience audience, std::string_view text) {
    return publish({.audience = std::move(audience),
                    .event = "news",
                    .arguments = std::string(text),
                    .id = fmt::format("id-{}", next_id_++)});
  }
  /// Sum of a metric over its labels.
  double metric(std::string_view name) {
    std::promise<std::vector<observe::MetricSample>> collected;
    boost::asio::post(io_, [&] {
      gateway_->collect_metrics([&](auto samples) { collected.set_value(std::move(samples)); });
    });
    double sum = 0;
    for (const auto& sample : collected.get_future().get()) {
      if (sample.name == name) sum += sample.value;
    }
    return sum;
  }
  void wait_until_zero(std::string_view name) {
    const TimePoint deadline = steady_now() + std::chrono::seconds(20);
    while (metric(name) != 0) {
      ASSERT_LT(steady_now(), deadline) << name << " is " << metric(name);
    }
  }

  std::filesystem::path directory_;
  config::Config config_;
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      io_.get_executor()};
  std::unique_ptr<Gateway> gateway_;
  std::jthread control_;
  int next_id_ = 1;
};

}  // namespace outcry::gateway
