// gateway/gateway_timers.h — what the parts of Gateway share that needs Asio.
// Thread: the control thread.
#pragma once

#include <memory>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "gateway/gateway.h"

namespace outcry::gateway {

struct Gateway::Timers {
  explicit Timers(boost::asio::io_context& io)
      : backlog(io), release(io), upkeep(io), recheck(io), certificates(io) {}
  boost::asio::steady_timer backlog;
  boost::asio::steady_timer release;
  boost::asio::steady_timer upkeep;
  boost::asio::steady_timer recheck;
  boost::asio::steady_timer certificates;
};

template <class F>
void Gateway::post(F&& task) {
  boost::asio::post(io_, [alive = std::weak_ptr(alive_), task = std::forward<F>(task)]() mutable {
    if (!alive.expired()) task();
  });
}

}  // namespace outcry::gateway
