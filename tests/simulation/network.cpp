#include "network.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/assert.h"

namespace outcry::simulation {

// ---- A line ----

void Line::arrive(std::string_view bytes) {
  if (!gone_ && !client_ended_ && !reset_) unread_ += bytes;
}

std::string Line::take(std::size_t most) {
  const std::size_t count = std::min(most, unsent_.size());
  std::string out = unsent_.substr(0, count);
  unsent_.erase(0, count);
  return out;
}

void Line::cut(Cut how) {
  if (how == Cut::closed) client_ended_ = true;
  if (how == Cut::reset) reset_ = true;
}

std::uint32_t Line::state() const noexcept {
  std::uint32_t out = 0;
  if (!unread_.empty() || client_ended_ || reset_) out |= EPOLLIN;
  if (unsent_.size() < window_ || reset_) out |= EPOLLOUT;
  if (reset_ || (client_ended_ && ended_)) out |= EPOLLHUP;
  if (reset_) out |= EPOLLERR;
  return out;
}

// ---- Descriptors ----

int Network::add(Descriptor descriptor) {
  descriptors_.emplace(next_, std::move(descriptor));
  return next_++;
}

void Network::note(std::string_view bytes) noexcept {
  for (const char byte : bytes) {
    trace_ = (trace_ ^ static_cast<std::uint8_t>(byte)) * 1'099'511'628'211u;
  }
}

LinePtr Network::connect(std::size_t listener, std::size_t window) {
  std::vector<Listener*> open;
  for (auto& [fd, descriptor] : descriptors_) {
    auto* one = std::get_if<Listener>(&descriptor);
    if (one != nullptr && one->listens) open.push_back(one);
  }
  if (open.empty()) return nullptr;
  auto line = std::make_shared<Line>(window);
  open[listener % open.size()]->waiting.push_back(line);
  return line;
}

void Network::power_off() {
  for (auto& [fd, descriptor] : descriptors_) {
    if (auto* line = std::get_if<LinePtr>(&descriptor)) {
      (*line)->gone_ = true;
    } else if (auto* listener = std::get_if<Listener>(&descriptor)) {
      for (const LinePtr& waiting : listener->waiting) waiting->gone_ = true;
      *listener = {};
    }
  }
}

int Network::listen(int fd) {
  std::get<Listener>(descriptors_.at(fd)).listens = true;
  return 0;
}

int Network::accept(int fd) {
  auto& waiting = std::get<Listener>(descriptors_.at(fd)).waiting;
  if (waiting.empty()) return -EAGAIN;
  LinePtr line = std::move(waiting.front());
  waiting.pop_front();
  return add(std::move(line));
}

std::ptrdiff_t Network::read(int fd, std::span<char> into, bool peeks) {
  Descriptor& descriptor = descriptors_.at(fd);
  if (auto* event = std::get_if<Event>(&descriptor)) {
    if (event->count == 0) return -EAGAIN;
    const std::uint64_t count = std::exchange(event->count, 0);
    std::memcpy(into.data(), &count, sizeof(count));
    return sizeof(count);
  }
  Line& line = *std::get<LinePtr>(descriptor);
  if (line.reset_) return -ECONNRESET;
  if (line.unread_.empty()) return line.client_ended_ ? 0 : -EAGAIN;
  const std::size_t count = std::min(into.size(), line.unread_.size());
  std::memcpy(into.data(), line.unread_.data(), count);
  note(std::string_view(into.data(), count));
  if (!peeks) line.unread_.erase(0, count);
  return static_cast<std::ptrdiff_t>(count);
}

std::ptrdiff_t Network::write(int fd, std::string_view bytes) {
  Descriptor& descriptor = descriptors_.at(fd);
  if (auto* event = std::get_if<Event>(&descriptor)) {
    ++event->count;
    for (auto& [number, poll] : descriptors_) {  // each write is news, whatever was told before
      if (auto* waits = std::get_if<Poll>(&poll); waits != nullptr && waits->watched.contains(fd)) {
        waits->watched.at(fd).news = true;
      }
    }
    return static_cast<std::ptrdiff_t>(bytes.size());
  }
  Line& line = *std::get<LinePtr>(descriptor);
  if (line.gone_) return static_cast<std::ptrdiff_t>(bytes.size());
  if (line.reset_) return -EPIPE;
  const std::size_t count =
      std::min(bytes.size(), line.window_ - std::min(line.window_, line.unsent_.size()));
  if (count == 0) return -EAGAIN;
  line.unsent_ += bytes.substr(0, count);
  note(bytes.substr(0, count));
  return static_cast<std::ptrdiff_t>(count);
}

int Network::shut_writing(int fd) {
  std::get<LinePtr>(descriptors_.at(fd))->ended_ = true;
  return 0;
}

int Network::close(int fd) {
  if (auto* line = std::get_if<LinePtr>(&descriptors_.at(fd))) (*line)->ended_ = true;
  descriptors_.erase(fd);
  for (auto& [number, descriptor] : descriptors_) {
    if (auto* poll = std::get_if<Poll>(&descriptor)) poll->watched.erase(fd);
  }
  return 0;
}

// ---- epoll ----

std::uint32_t Network::state(int fd) const {
  const Descriptor& descriptor = descriptors_.at(fd);
  if (const auto* line = std::get_if<LinePtr>(&descriptor)) return (*line)->state();
  if (const auto* event = std::get_if<Event>(&descriptor))
    return event->count > 0 ? std::uint32_t{EPOLLIN} : 0;
  if (const auto* listener = std::get_if<Listener>(&descriptor)) {
    return listener->waiting.empty() ? 0 : std::uint32_t{EPOLLIN};
  }
  return 0;
}

std::uint32_t Network::news(int fd, const Watched& watched) const {
  const bool by_edge = (watched.event.events & EPOLLET) != 0;
  if (by_edge && !watched.news) return 0;
  return state(fd) & (watched.event.events | EPOLLHUP | EPOLLERR);
}

int Network::control(int poll, int operation, int fd, const epoll_event* event) {
  auto& watched = std::get<Poll>(descriptors_.at(poll)).watched;
  if (operation == EPOLL_CTL_DEL) return watched.erase(fd) == 1 ? 0 : -ENOENT;
  watched.insert_or_assign(fd, Watched{.event = *event, .news = true});
  return 0;
}

/// Beginning anywhere: the kernel promises no order.
int Network::collect(int poll, std::span<epoll_event> out) {
  auto& watched = std::get<Poll>(descriptors_.at(poll)).watched;
  std::vector<epoll_event> found;
  for (auto& [fd, one] : watched) {
    const std::uint32_t events = news(fd, one);
    if (events == 0) continue;
    one.news = false;
    found.push_back(one.event);
    found.back().events = events;
  }
  if (!found.empty()) {
    std::ranges::rotate(found,
                        found.begin() + static_cast<std::ptrdiff_t>(random_() % found.size()));
  }
  const std::size_t count = std::min(found.size(), out.size());
  std::copy_n(found.begin(), count, out.begin());
  return static_cast<int>(count);
}

bool Network::has_events(int poll) const {
  const auto& watched = std::get<Poll>(descriptors_.at(poll)).watched;
  return std::ranges::any_of(watched,
                             [this](const auto& one) { return news(one.first, one.second) != 0; });
}

}  // namespace outcry::simulation
