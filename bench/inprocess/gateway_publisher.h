// inprocess/gateway_publisher.h — publishes into a gateway of this process, on its control thread.
//
//   arguments as JSON text ─▶ Gateway::publish ─▶ encode, room index ─▶ mailbox ─▶ worker ─▶
//   sockets
//
// The same way as a publication by HTTP takes, from the point where its body has been read. A
// publisher without a network in front is faster than any worker, so it needs a rule that keeps the
// queue bounded. The rule: ask the gateway for its metrics. The question goes through the worker's
// mailbox like an event, so its answer says that everything before it was taken; and the bytes in
// it say what was written.
//   room, as fast as possible     one burst at a time, the next when it was written (WriteWatch):
//                                 with BURST 1 each event has a loop turn of its own, with BURST 16
//                                 sixteen share one, as in a backlog. The question is asked when
//                                 the burst is expected to be out, so one or two are enough
//   random, as fast as possible   2,048 events ahead of the worker at most (FlowWindow), so that it
//                                 never waits for us
//   paced                         50 ms of events ahead at most: a rate that can't be held shows as
//                                 a shortfall, not as memory
// What the gateway refuses as overloaded is offered again after a millisecond, and counted.
// A full socket is the gateway's own business: its outboxes are bounded.
// Thread: the control thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "gateway/gateway.h"
#include "inprocess/flow_window.h"
#include "inprocess/write_watch.h"
#include "publisher/event_source.h"
#include "publisher/publish_command.h"

namespace outcry::bench {

struct InprocessOptions {
  std::vector<std::string> templates;  ///< files of arguments as JSON
  std::uint32_t rooms = 1;
  std::uint32_t keys = 1;
};

class GatewayPublisher {
 public:
  GatewayPublisher(boost::asio::io_context& io, gateway::Gateway& gateway, InprocessOptions options)
      : gateway_(gateway), options_(std::move(options)), timer_(io) {}

  /// Runs one command to its end; `done` gets the report. One at a time. Throws std::runtime_error
  /// for a template that can't be read, before anything is published.
  void start(const PublishCommand& command, std::function<void(std::string)> done);
  [[nodiscard]] bool is_busy() const noexcept { return run_.has_value(); }

 private:
  /// One event that was made and isn't accepted yet.
  struct Pending {
    std::uint32_t room = 0;
    EventKind kind = EventKind::equity_updated;
    std::string arguments;
  };
  struct Run {
    PublishCommand command;
    EventSource source;
    BurstPacer pacer;
    FlowWindow window;
    std::optional<WriteWatch> watch;  ///< one burst at a time: known from the first answer on
    std::function<void(std::string)> done;
    std::uint64_t start_ns = 0;
    double cpu_before = 0;
    std::uint64_t due = 0;  ///< bursts
    std::uint32_t left_in_burst = 0;
    std::uint32_t room = 0;          ///< of the burst
    std::optional<Pending> pending;  ///< refused, to be offered again
    std::uint64_t refused = 0;
    std::uint64_t questions = 0;
  };

  [[nodiscard]] static bool is_one_at_a_time(const PublishCommand& command) noexcept {
    return command.rate == 0 && !command.to_random_rooms;
  }
  void step();
  void go_on(bool taken);
  [[nodiscard]] bool has_next(std::uint64_t now_ns);
  [[nodiscard]] bool publish_one();
  [[nodiscard]] bool offer(const Pending& event);
  void ask();
  void ask_at(std::uint64_t time_ns, std::uint64_t now_ns);
  void answered(std::uint64_t bytes_written);
  void wait(std::chrono::nanoseconds time);
  void finish();

  gateway::Gateway& gateway_;
  InprocessOptions options_;
  boost::asio::steady_timer timer_;
  std::optional<Run> run_;
  std::uint64_t ids_ =
      0;  ///< of this process: the gateway answers a repeated id without publishing
  std::uint64_t runs_ = 0;
};

}  // namespace outcry::bench
