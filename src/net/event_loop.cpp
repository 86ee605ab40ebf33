#include "net/event_loop.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <system_error>

#include <pthread.h>

#include "base/assert.h"

namespace outcry::net {
namespace {

constexpr int kEventsPerTick = 1024;

std::uint64_t this_thread() noexcept {
  return static_cast<std::uint64_t>(::pthread_self());
}

epoll_event make_event(std::uint32_t events, IoHandler* handler) noexcept {
  epoll_event event{};
  event.events = events;
  event.data.ptr = handler;
  return event;
}

}  // namespace

EventLoop::EventLoop()
    : epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_up_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      now_(steady_now()),
      timers_(now_) {
  if (!epoll_.valid() || !wake_up_.valid()) {
    throw std::system_error(errno, std::system_category(), "can't create an event loop");
  }
  // No handler: the wake-up itself. Edge-triggered: each write is told once, so it need not be
  // read.
  epoll_event event = make_event(EPOLLIN | EPOLLET, nullptr);
  OUTCRY_ASSERT(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_up_.get(), &event) == 0);
}

void EventLoop::add(int fd, IoHandler& handler, std::uint32_t events) {
  if (!try_add(fd, handler, events)) {
    throw std::system_error(errno, std::system_category(), "can't watch a descriptor");
  }
}

bool EventLoop::try_add(int fd, IoHandler& handler, std::uint32_t events) noexcept {
  epoll_event event = make_event(events, &handler);
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void EventLoop::modify(int fd, IoHandler& handler, std::uint32_t events) noexcept {
  epoll_event event = make_event(events, &handler);
  OUTCRY_ASSERT(::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) == 0);
}

void EventLoop::remove(int fd) noexcept {
  OUTCRY_ASSERT(::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr) == 0);
}

bool EventLoop::in_thread() const noexcept {
  return thread_ == 0 || thread_ == this_thread();
}

void EventLoop::run(TickHandler& handler) {
  thread_ = this_thread();
  stopping_ = false;
  bool work_left = false;
  std::array<epoll_event, kEventsPerTick> events;
  while (!stopping_) {
    // One slot of the wheel is the longest wait: timers need no calculation of the next deadline,
    // and an idle worker costs 125 wake-ups a second, about 0.1 % of a core.
    const int wait_ms = work_left ? 0 : static_cast<int>(TimerWheel::kSlot.count());
    const int count = ::epoll_wait(epoll_.get(), events.data(), kEventsPerTick, wait_ms);
    OUTCRY_ASSERT(count >= 0 || errno == EINTR);
    now_ = steady_now();
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      if (event.data.ptr == nullptr) continue;
      static_cast<IoHandler*>(event.data.ptr)->on_io(event.events);
    }
    timers_.advance(now_);
    work_left = handler.on_tick_end(now_);
    note_tick_length();
  }
  thread_ = 0;
}

void EventLoop::stop() noexcept {
  stopping_ = true;
}

void EventLoop::wake() noexcept {
  const std::uint64_t one = 1;
  // It is never read, and full after 2^64 wake-ups.
  (void)!::write(wake_up_.get(), &one, sizeof(one));
}

void EventLoop::note_tick_length() noexcept {
  const auto length = steady_now() - now_;
  ++stats_.ticks;
  if (length > kSlowTick) ++stats_.slow_ticks;
  stats_.longest_tick = std::max(stats_.longest_tick, std::chrono::nanoseconds(length));
}

}  // namespace outcry::net
