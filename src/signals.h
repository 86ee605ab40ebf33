// signals.h — what the operator's signals do: SIGTERM and SIGINT drain and end, SIGHUP reloads.
//
// Thread: the control thread.
#pragma once

#include <chrono>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/clock.h"
#include "config/reload.h"
#include "gateway/gateway.h"

namespace outcry {

/// First signal: drain, then end. Second: end now.
class Shutdown {
 public:
  Shutdown(boost::asio::io_context& io, gateway::Gateway& gateway, std::chrono::milliseconds drain);

 private:
  void wait();
  void poll_until(TimePoint deadline);

  boost::asio::io_context& io_;
  gateway::Gateway& gateway_;
  std::chrono::milliseconds drain_;
  boost::asio::signal_set signals_;
  boost::asio::steady_timer timer_;
  bool draining_ = false;
};

class Hangup {
 public:
  Hangup(boost::asio::io_context& io, config::Reloader& reloader);

 private:
  void wait();

  config::Reloader& reloader_;
  boost::asio::signal_set signals_;
};

}  // namespace outcry
