#include "signals.h"

#include <csignal>
#include <vector>

#include "base/log.h"

namespace outcry {

Shutdown::Shutdown(boost::asio::io_context& io, gateway::Gateway& gateway,
                   std::chrono::milliseconds drain)
    : io_(io), gateway_(gateway), drain_(drain), signals_(io, SIGINT, SIGTERM), timer_(io) {
  wait();
}

void Shutdown::wait() {
  signals_.async_wait([this](boost::system::error_code error, int signal) {
    if (error) return;
    if (draining_) return io_.stop();
    draining_ = true;
    log::info("signal {}: draining for up to {} ms", signal, drain_.count());
    gateway_.drain(signal == SIGTERM ? "SIGTERM" : "SIGINT");
    poll_until(steady_now() + drain_);
    wait();
  });
}

void Shutdown::poll_until(TimePoint deadline) {
  gateway_.collect_metrics([this, deadline](const std::vector<observe::MetricSample>& samples) {
    double sessions = 0;
    for (const auto& sample : samples) {
      if (sample.name == "outcry_engine_sessions") sessions += sample.value;
    }
    if (sessions == 0 || steady_now() >= deadline) return io_.stop();
    timer_.expires_after(std::chrono::milliseconds(20));
    timer_.async_wait([this, deadline](boost::system::error_code error) {
      if (!error) poll_until(deadline);
    });
  });
}

Hangup::Hangup(boost::asio::io_context& io, config::Reloader& reloader)
    : reloader_(reloader), signals_(io, SIGHUP) {
  wait();
}

void Hangup::wait() {
  signals_.async_wait([this](boost::system::error_code error, int) {
    if (error) return;
    (void)reloader_.reload();  // it logs what it reports
    wait();
  });
}

}  // namespace outcry
