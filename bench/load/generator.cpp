#include "load/generator.h"

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <limits>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <system_error>
#include <utility>

#include <unistd.h>

#include "common/workload.h"

namespace outcry::bench {
namespace {

constexpr std::size_t kReadBytes = 64 * 1024;
constexpr std::size_t kEventsMax = 512;
constexpr std::uint32_t kWatched = std::numeric_limits<std::uint32_t>::max();

}  // namespace

Generator::Generator(GeneratorOptions options,
                     const std::function<std::string(std::uint32_t)>& token_of)
    : options_(std::move(options)), epoll_(epoll_create1(EPOLL_CLOEXEC)), buffer_(kReadBytes) {
  if (epoll_ < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  session_options_ = {options_.host, options_.path, {}, 0, options_.join};
  tokens_.reserve(options_.rooms);
  for (std::uint32_t user = 0; user < options_.rooms; ++user) tokens_.push_back(token_of(user));
  connections_.reserve(options_.connections);
  for (std::uint32_t i = 0; i < options_.connections; ++i)
    connections_.emplace_back(i % options_.rooms);
}

Generator::~Generator() {
  for (const Connection& connection : connections_) {
    if (connection.fd >= 0) ::close(connection.fd);
  }
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
  const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), timeout_ms);
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

void Generator::open_window(std::uint64_t from_ns, std::uint64_t to_ns) {
  window_.from_ns = from_ns;
  window_.to_ns = to_ns;
  window_.delivered = 0;
  window_.arrived = 0;
  window_.latency.clear();
}

void Generator::start_more() {
  while (started_ < options_.connections && started_ - ready_ - failed_ < options_.in_flight_max)
    open(started_++);
}

void Generator::open(std::uint32_t index) {
  Connection& connection = connections_[index];
  connection.started_ns = monotonic_ns();
  connection.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (connection.fd < 0) return close(index, std::string("socket: ") + std::strerror(errno));
  const int on = 1;
  // A client's small writes are handshakes and pongs; waiting to merge them would be measured as
  // the server's latency.
  (void)setsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY, &on,
                   sizeof on);  // without it only slower
  const auto* address = reinterpret_cast<const sockaddr*>(&options_.server);
  if (connect(connection.fd, address, sizeof options_.server) != 0 && errno != EINPROGRESS) {
    return close(index, std::string("connect: ") + std::strerror(errno));
  }
  connection.session.start(session_options_, connection.unsent);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT;
  event.data.u32 = index;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fd, &event) != 0) close(index, "epoll_ctl");
}

SessionOptions& Generator::options_for(std::uint32_t challenge) {
  session_options_.token = tokens_[challenge];
  return session_options_;
}

void Generator::readable(std::uint32_t index) {
  Connection& connection = connections_[index];
  if (connection.fd < 0) return;
  const ssize_t got = recv(connection.fd, buffer_.data(), buffer_.size(), 0);
  if (got < 0) {
    if (errno != EAGAIN && errno != EINTR)
      close(index, std::string("read: ") + std::strerror(errno));
    return;
  }
  if (got == 0) return close(index, "the server ended the connection");

  const std::uint64_t now = monotonic_ns();
  const std::string_view bytes(buffer_.data(), static_cast<std::size_t>(got));
  // The token is needed once, at CONNECT; copying it for each event would be waste.
  SessionOptions& options =
      connection.ready ? session_options_ : options_for(connection.session.challenge());
  connection.session.receive(bytes, options, connection.unsent, deliveries_);
  account(now);
  if (connection.session.stage() == Session::Stage::failed)
    return close(index, connection.session.failure());
  if (!connection.ready && connection.session.stage() == Session::Stage::joined) {
    connection.ready = true;
    ++ready_;
    setup_time_.record(now - connection.started_ns);
  }
  if (!connection.unsent.empty() && !connection.wants_write) flush(index);
}

void Generator::account(std::uint64_t now_ns) {
  for (const Delivery& delivery : deliveries_) {
    if (!delivery.own_room) ++misdelivered_;
    if (!delivery.in_sequence) ++out_of_sequence_;
    ++arrived_total_;
    last_arrival_ns_ = now_ns;
    if (now_ns >= window_.from_ns && now_ns < window_.to_ns) ++window_.arrived;
    if (delivery.published_ns < window_.from_ns || delivery.published_ns >= window_.to_ns) continue;
    ++window_.delivered;
    window_.latency.record(now_ns > delivery.published_ns ? now_ns - delivery.published_ns : 0);
  }
  deliveries_.clear();
}

void Generator::flush(std::uint32_t index) {
  Connection& connection = connections_[index];
  if (connection.fd < 0) return;
  while (!connection.unsent.empty()) {
    const ssize_t sent =
        send(connection.fd, connection.unsent.data(), connection.unsent.size(), MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EAGAIN) return set_interest(index, true);
      if (errno == EINTR) continue;
      return close(index, std::string("write: ") + std::strerror(errno));
    }
    connection.unsent.erase(0, static_cast<std::size_t>(sent));
  }
  set_interest(index, false);
}

void Generator::set_interest(std::uint32_t index, bool wants_write) {
  Connection& connection = connections_[index];
  if (connection.wants_write == wants_write) return;
  connection.wants_write = wants_write;
  epoll_event event{};
  event.events = wants_write ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.u32 = index;
  if (epoll_ctl(epoll_, EPOLL_CTL_MOD, connection.fd, &event) != 0) close(index, "epoll_ctl");
}

void Generator::close(std::uint32_t index, const std::string& why) {
  Connection& connection = connections_[index];
  if (connection.fd >= 0) ::close(connection.fd);
  connection.fd = -1;
  if (std::exchange(connection.ready, false)) --ready_;
  ++failed_;
  ++failures_[why];
}

}  // namespace outcry::bench
