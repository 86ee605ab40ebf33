#include "inprocess/gateway_publisher.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "common/workload.h"

namespace outcry::bench {
namespace {

constexpr std::uint64_t kRandomWindow = 2'048;
constexpr double kPacedWindowSeconds = 0.05;
constexpr std::chrono::microseconds kTick{100};
constexpr std::chrono::milliseconds kRetry{1};

std::string arguments_of(const Capture& capture) {
  if (!capture.channel.empty()) throw std::runtime_error("wanted are arguments as JSON");
  return capture.body;
}

std::uint64_t bytes_written(const std::vector<observe::MetricSample>& samples) {
  double sum = 0;
  for (const auto& sample : samples) {
    if (sample.name == "outcry_sent_bytes_total") sum += sample.value;
  }
  return static_cast<std::uint64_t>(sum);
}

std::uint64_t window_of(const PublishCommand& command) {
  if (command.rate > 0) {
    const auto events = static_cast<std::uint64_t>(command.rate * kPacedWindowSeconds);
    return std::max<std::uint64_t>(events, command.burst);
  }
  return command.to_random_rooms ? std::max<std::uint64_t>(kRandomWindow, command.burst)
                                 : command.burst;
}

}  // namespace

void GatewayPublisher::start(const PublishCommand& command, std::function<void(std::string)> done) {
  const std::uint64_t now = monotonic_ns();
  run_.emplace(Run{.command = command,
                   .source = EventSource(load_templates(options_.templates, arguments_of),
                                         {.rooms = options_.rooms,
                                          .symbols = options_.keys,
                                          .from_ns = command.from_ns,
                                          .to_ns = command.to_ns,
                                          .keep_ledger = !command.ledger.empty()}),
                   .pacer = BurstPacer(command, now),
                   .window = FlowWindow(window_of(command)),
                   .done = std::move(done),
                   .start_ns = now,
                   .cpu_before = cpu_seconds()});
  ++runs_;
  if (is_one_at_a_time(command)) return ask();  // for the total before the first burst
  step();
}

/// Publishes what is due and allowed, all in one turn: the gateway wakes its workers once for it.
void GatewayPublisher::step() {
  const std::uint64_t now = monotonic_ns();
  if (now >= run_->command.to_ns && !run_->pending) return finish();
  bool taken = true;
  while (taken && has_next(now)) taken = publish_one();
  go_on(taken);
}

bool GatewayPublisher::has_next(std::uint64_t now_ns) {
  if (run_->left_in_burst > 0) return true;  // a burst is published whole
  if (!run_->window.is_open()) return false;
  if (run_->due == 0) run_->due = run_->pacer.take(now_ns);
  return run_->due > 0;
}

/// Comes back when the time, or the worker's answer, has come.
void GatewayPublisher::go_on(bool taken) {
  if (!taken) return wait(kRetry);
  if (run_->watch) {
    const std::uint64_t now = monotonic_ns();
    return ask_at(run_->watch->start(now), now);
  }
  if (run_->window.should_ask()) ask();
  // As fast as possible, the answer calls back; a pause would be part of the result.
  if (run_->command.rate > 0) return wait(kTick);
  if (run_->window.is_open()) wait(std::chrono::nanoseconds(0));
}

/// False when the gateway refused it for now.
bool GatewayPublisher::publish_one() {
  Run& run = *run_;
  if (!run.pending) {
    if (run.left_in_burst == 0) {
      --run.due;
      run.left_in_burst = run.command.burst;
      run.room = run.command.to_random_rooms ? run.source.draw_room() : 0;
    }
    Pending event{.room = run.room};
    event.kind = run.source.append(event.arguments, run.room);
    run.pending = std::move(event);
  }
  if (!offer(*run.pending)) return false;
  run.pending.reset();
  --run.left_in_burst;
  run.window.published(1);
  return true;
}

bool GatewayPublisher::offer(const Pending& event) {
  bus::Publication publication;
  publication.audience.rooms = {fmt::format("{}{}", kRoomPrefix, challenge_id(event.room))};
  publication.event = event_name(event.kind);
  publication.arguments = event.arguments;
  publication.id = fmt::format("inprocess-{}", ++ids_);
  std::error_code error;
  gateway_.publish(std::move(publication), [&error](Result<gateway::PublishReceipt> receipt) {
    if (!receipt) error = receipt.error();
  });
  if (!error) return true;
  if (error != gateway::PublishError::overloaded) {
    throw std::runtime_error("the gateway refused an event: " + error.message());
  }
  ++run_->refused;
  return false;
}

void GatewayPublisher::ask() {
  run_->window.asked();
  ++run_->questions;
  gateway_.collect_metrics([this, run = runs_](const std::vector<observe::MetricSample>& samples) {
    if (run_ && run == runs_) answered(bytes_written(samples));  // else that run is over
  });
}

void GatewayPublisher::answered(std::uint64_t bytes_written) {
  Run& run = *run_;
  run.window.answered();
  if (!is_one_at_a_time(run.command)) {
    if (run.command.rate == 0) step();
    return;
  }
  if (!run.watch) {
    run.watch.emplace(bytes_written);
    return step();
  }
  const std::uint64_t now = monotonic_ns();
  const std::uint64_t next = run.watch->answered(bytes_written, now);
  if (next == 0) return step();
  ask_at(next, now);
}

void GatewayPublisher::ask_at(std::uint64_t time_ns, std::uint64_t now_ns) {
  if (time_ns <= now_ns) return ask();
  timer_.expires_after(std::chrono::nanoseconds(time_ns - now_ns));
  timer_.async_wait([this](boost::system::error_code error) {
    if (!error && run_) ask();
  });
}

void GatewayPublisher::wait(std::chrono::nanoseconds time) {
  timer_.expires_after(time);
  timer_.async_wait([this](boost::system::error_code error) {
    if (!error && run_) step();
  });
}

void GatewayPublisher::finish() {
  timer_.cancel();
  const Run run = std::move(*std::exchange(run_, std::nullopt));
  const double seconds = static_cast<double>(monotonic_ns() - run.start_ns) / 1e9;
  if (run.source.ledger()) run.source.ledger()->write(run.command.ledger);
  run.done(publish_report(run.source.tally(), seconds, cpu_seconds() - run.cpu_before,
                          run.pacer.given_up(),
                          fmt::format(R"("refused":{},"waits":{})", run.refused, run.questions)));
}

}  // namespace outcry::bench
