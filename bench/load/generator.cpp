#include "load/generator.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <ctime>
#include <limits>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <system_error>
#include <utility>

#include <unistd.h>

#include "common/workload.h"

namespace outcry::bench {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;  // more than a record of TLS, so none stays behind
constexpr std::size_t kEventsMax = 512;
constexpr int kTlsReadsMax = 16;
constexpr long kNapNs = 50'000;
constexpr unsigned long kTimerSlackNs = 1;
constexpr std::uint32_t kWatched = std::numeric_limits<std::uint32_t>::max();

}  // namespace

Generator::Generator(GeneratorOptions options,
                     const std::function<std::string(std::uint32_t)>& token_of)
    : options_(std::move(options)),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      measurement_({.connections = options_.connections,
                    .rooms = options_.rooms,
                    .slow_share = options_.slow_share}),
      buffer_(kReadBytes) {
  if (epoll_ < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  (void)prctl(PR_SET_TIMERSLACK, kTimerSlackNs);  // by default a nap may last 50 µs longer
  if (options_.tls.enabled) tls_ = std::make_unique<TlsClient>(options_.tls, options_.connections);
  if (options_.deflate) inflater_ = std::make_unique<Inflater>();
  session_options_ = {.host = options_.host,
                      .path = options_.path,
                      .token = {},
                      .mode = options_.mode,
                      .join = options_.join,
                      .wants_symbols = false,
                      .inflater = inflater_.get()};
  tokens_.reserve(options_.rooms);
  for (std::uint32_t user = 0; user < options_.rooms; ++user) tokens_.push_back(token_of(user));
  connections_.reserve(options_.connections);
  for (std::uint32_t i = 0; i < options_.connections; ++i) {
    connections_.emplace_back(room_of(i));
    waiting_.push_back(i);
  }
}

Generator::~Generator() {
  ::close(epoll_);
}

void Generator::watch(int fd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u32 = kWatched;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) {
    throw std::system_error(errno, std::generic_category(), "epoll_ctl");
  }
}

bool Generator::poll(int timeout_ms) {
  start_more();
  std::array<epoll_event, kEventsMax> events;
  const int count = wait(events, timeout_ms);
  bool watched = false;
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    const std::uint32_t index = event.data.u32;
    if (index == kWatched) {
      watched = true;
      continue;
    }
    // An error shows in the read or the write, with its cause.
    if ((event.events & EPOLLOUT) != 0) flush(index);
    if ((event.events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) readable(index);
  }
  return watched;
}

/// As epoll_wait(); but who sleeps in there is woken by whoever sends, in the sender's time.
int Generator::wait(std::span<epoll_event> events, int timeout_ms) const {
  const std::uint64_t end = monotonic_ns() + static_cast<std::uint64_t>(timeout_ms) * 1'000'000;
  for (;;) {
    const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 0);
    if (count != 0 || monotonic_ns() >= end) return count;
    const timespec nap{.tv_sec = 0, .tv_nsec = kNapNs};
    clock_nanosleep(CLOCK_MONOTONIC, 0, &nap, nullptr);
  }
}

void Generator::start_more() {
  while (!waiting_.empty() && opening_ < options_.in_flight_max) {
    const std::uint32_t index = waiting_.front();
    waiting_.pop_front();
    open(index);
  }
}

void Generator::open(std::uint32_t index) {
  Connection& connection = connections_[index];
  connection.state = State::opening;
  ++opening_;
  connection.started_ns = monotonic_ns();
  const int receive_buffer = measurement_.is_slow(index) ? options_.slow_buffer_bytes : 0;
  const std::string error =
      connection.stream.open(options_.server, tls_.get(), index, receive_buffer);
  if (!error.empty()) return lose(index, error);
  connection.wants_write = true;
  connection.session.start(session_options_, connection.unsent);
  if (!set_epoll(EPOLL_CTL_ADD, index)) lose(index, "epoll_ctl");
}

std::uint32_t Generator::reconnect(std::uint32_t count) {
  setup_time_.clear();
  std::uint32_t reopened = 0;
  for (std::uint32_t i = 0; i < options_.connections; ++i) {
    Connection& connection = connections_[i];
    const bool ends_now = connection.state == State::ready && count > 0;
    if (!ends_now && connection.state != State::lost) continue;
    if (ends_now) {
      --count;
      --ready_;
      connection.stream.close();
    }
    connection.state = State::waiting;
    connection.stalled = false;
    connection.unsent.clear();
    connection.session = Session(room_of(i));
    waiting_.push_back(i);
    ++reopened;
  }
  return reopened;
}

void Generator::track(bool stall) {
  measurement_.track(monotonic_ns());
  session_options_.wants_symbols = true;
  for (std::uint32_t i = 0; stall && i < options_.connections; ++i) {
    Connection& connection = connections_[i];
    if (!measurement_.is_slow(i) || connection.state != State::ready || connection.stalled)
      continue;
    connection.stalled = set_epoll(EPOLL_CTL_DEL, i);
  }
}

void Generator::resume() {
  for (std::uint32_t i = 0; i < options_.connections; ++i) {
    if (!std::exchange(connections_[i].stalled, false)) continue;
    if (!set_epoll(EPOLL_CTL_ADD, i)) lose(i, "epoll_ctl");
  }
}

ConnectionEnd Generator::end_of(std::uint32_t index) const noexcept {
  const Connection& connection = connections_[index];
  return {.is_open = connection.state == State::ready, .code = connection.session.close_code()};
}

void Generator::readable(std::uint32_t index) {
  Connection& connection = connections_[index];
  // One read of TLS takes out one record. What is left is in the socket, for epoll to tell.
  const int reads_max = connection.stream.is_tls() ? kTlsReadsMax : 1;
  for (int reads = 0; reads < reads_max; ++reads) {
    if (!connection.stream.is_open()) return;
    const IoResult got = connection.stream.read(buffer_.data(), buffer_.size());
    if (got.status == IoStatus::would_block) break;
    if (got.status == IoStatus::ended) return lose(index, "the server ended the connection");
    if (got.status != IoStatus::done) return lose(index, got.why);
    received(index, got.bytes);
  }
  if (!connection.unsent.empty() && !connection.wants_write) flush(index);
}

void Generator::received(std::uint32_t index, std::size_t bytes) {
  Connection& connection = connections_[index];
  const std::uint64_t now = monotonic_ns();
  // The token is needed once, at CONNECT; copying it for each event would be waste.
  if (connection.state == State::opening) {
    session_options_.token = tokens_[connection.session.challenge()];
  }
  connection.session.receive({buffer_.data(), bytes}, session_options_, connection.unsent,
                             deliveries_);
  for (const Delivery& delivery : deliveries_) measurement_.take(index, delivery, now);
  deliveries_.clear();
  if (connection.session.stage() == Session::Stage::failed) {
    return lose(index, connection.session.failure());
  }
  if (connection.state == State::opening && connection.session.stage() == Session::Stage::joined) {
    connection.state = State::ready;
    --opening_;
    ++ready_;
    setup_time_.record(now - connection.started_ns);
  }
}

void Generator::flush(std::uint32_t index) {
  Connection& connection = connections_[index];
  if (!connection.stream.is_open()) return;
  while (!connection.unsent.empty()) {
    const IoResult sent = connection.stream.write(connection.unsent);
    switch (sent.status) {
      case IoStatus::done:
        connection.unsent.erase(0, sent.bytes);
        break;
      case IoStatus::would_block:
        return set_interest(index, true);
      case IoStatus::needs_input:  // readable() comes back here
        return set_interest(index, false);
      case IoStatus::ended:
        return lose(index, "the server ended the connection");
      case IoStatus::failed:
        return lose(index, sent.why);
    }
  }
  set_interest(index, false);
}

void Generator::set_interest(std::uint32_t index, bool wants_write) {
  Connection& connection = connections_[index];
  if (connection.wants_write == wants_write) return;
  connection.wants_write = wants_write;
  if (!set_epoll(EPOLL_CTL_MOD, index)) lose(index, "epoll_ctl");
}

bool Generator::set_epoll(int operation, std::uint32_t index) const {
  const Connection& connection = connections_[index];
  epoll_event event{};
  event.events = connection.wants_write ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.u32 = index;
  return epoll_ctl(epoll_, operation, connection.stream.fd(), &event) == 0;
}

void Generator::lose(std::uint32_t index, const std::string& why) {
  Connection& connection = connections_[index];
  connection.stream.close();
  if (connection.state == State::ready) --ready_;
  if (connection.state == State::opening) --opening_;
  connection.state = State::lost;
  if (measurement_.is_slow(index) && connection.session.close_code() == kTooSlowCode) {
    ++closed_slow_;
    return;
  }
  ++failed_;
  ++failures_[why];
}

}  // namespace outcry::bench
