// simulation/system_calls.cpp — the functions of the C library by which a node reaches the world.
//
// Defined in the program, they are what every object and every shared library of it calls. Where
// there is no machine they pass the call on to the kernel.
#include <array>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>

#include <dlfcn.h>
#include <pthread.h>
#include <sched.h>
#include <unistd.h>

#include "base/assert.h"
#include "machine.h"

namespace {

using outcry::TimePoint;
using outcry::simulation::Machine;
using outcry::simulation::Network;

Machine& machine() {
  return *Machine::here();
}

bool is_simulated(int fd) noexcept {
  return Network::is_ours(fd) && Machine::here() != nullptr;
}

/// The kernel's way to tell of an error, turned into the library's.
template <class T>
T told(T result) noexcept {
  if (result >= 0) return result;
  errno = static_cast<int>(-result);
  return -1;
}

template <class F>
F library(const char* name) {
  return reinterpret_cast<F>(::dlsym(RTLD_NEXT, name));
}

template <class... Args>
long kernel(long number, Args... args) noexcept {
  return ::syscall(number, args...);
}

timespec timespec_of(std::chrono::nanoseconds time) noexcept {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  return {.tv_sec = whole.count(), .tv_nsec = (time - whole).count()};
}

/// Waits for a notification that comes after this call, or the deadline. Spurious wake-ups are as
/// allowed here as anywhere.
int wait_on(pthread_cond_t* condition, pthread_mutex_t* mutex, TimePoint deadline) {
  const std::uint64_t before = machine().notified(condition);
  pthread_mutex_unlock(mutex);
  machine().wait([=] { return machine().notified(condition) != before; }, deadline);
  pthread_mutex_lock(mutex);
  return machine().now() >= deadline ? ETIMEDOUT : 0;
}

}  // namespace

extern "C" {

// ---- Clocks and chance ----

int clock_gettime(clockid_t clock, timespec* out) noexcept {
  const Machine* here = Machine::here();
  if (here == nullptr) return static_cast<int>(kernel(SYS_clock_gettime, clock, out));
  *out = clock == CLOCK_REALTIME ? timespec_of(here->wall().time_since_epoch())
                                 : timespec_of(here->now().time_since_epoch());
  return 0;
}

ssize_t getrandom(void* out, size_t bytes, unsigned flags) {
  if (Machine::here() == nullptr) return kernel(SYS_getrandom, out, bytes, flags);
  machine().fill_with_chance({static_cast<std::byte*>(out), bytes});
  return static_cast<ssize_t>(bytes);
}

// ---- Threads ----

int pthread_create(pthread_t* out, const pthread_attr_t* attributes, void* (*start)(void*),
                   void* argument) noexcept {
  if (Machine::here() == nullptr) {
    static const auto real = library<decltype(&pthread_create)>("pthread_create");
    return real(out, attributes, start, argument);
  }
  *out = machine().start_thread(start, argument);
  return 0;
}

int pthread_join(pthread_t thread, void** result) {
  if (Machine::here() == nullptr) {
    static const auto real = library<decltype(&pthread_join)>("pthread_join");
    return real(thread, result);
  }
  machine().wait([=] { return machine().has_ended(thread); }, TimePoint::max());
  return 0;
}

int pthread_setname_np(pthread_t, const char*) noexcept {
  return 0;
}

int sched_yield() noexcept {
  if (Machine::here() != nullptr) machine().wait([] { return true; }, TimePoint::min());
  return 0;
}

int pthread_cond_wait(pthread_cond_t* condition, pthread_mutex_t* mutex) {
  return wait_on(condition, mutex, TimePoint::max());
}

int pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t,
                           const timespec* until) {
  const auto time = std::chrono::seconds(until->tv_sec) + std::chrono::nanoseconds(until->tv_nsec);
  return wait_on(condition, mutex, TimePoint(time));
}

int pthread_cond_signal(pthread_cond_t* condition) noexcept {
  if (Machine::here() != nullptr) ++machine().notified(condition);
  return 0;
}

int pthread_cond_broadcast(pthread_cond_t* condition) noexcept {
  return pthread_cond_signal(condition);
}

// ---- Sockets ----

int socket(int domain, int type, int protocol) noexcept {
  if (Machine::here() != nullptr) return machine().network().make_socket();
  return static_cast<int>(kernel(SYS_socket, domain, type, protocol));
}

int setsockopt(int fd, int level, int name, const void* value, socklen_t bytes) noexcept {
  if (is_simulated(fd)) return 0;
  return static_cast<int>(kernel(SYS_setsockopt, fd, level, name, value, bytes));
}

int bind(int fd, const sockaddr* address, socklen_t bytes) noexcept {
  if (is_simulated(fd)) return 0;
  return static_cast<int>(kernel(SYS_bind, fd, address, bytes));
}

int listen(int fd, int backlog) noexcept {
  if (is_simulated(fd)) return machine().network().listen(fd);
  return static_cast<int>(kernel(SYS_listen, fd, backlog));
}

int accept4(int fd, sockaddr* address, socklen_t* bytes, int flags) {
  if (!is_simulated(fd)) {
    return static_cast<int>(kernel(SYS_accept4, fd, address, bytes, flags));
  }
  auto* peer = reinterpret_cast<sockaddr_in*>(address);
  *peer = {.sin_family = AF_INET};
  peer->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return told(machine().network().accept(fd));
}

ssize_t recv(int fd, void* into, size_t bytes, int flags) {
  if (!is_simulated(fd)) return kernel(SYS_recvfrom, fd, into, bytes, flags, nullptr, nullptr);
  return told(
      machine().network().read(fd, {static_cast<char*>(into), bytes}, (flags & MSG_PEEK) != 0));
}

ssize_t read(int fd, void* into, size_t bytes) {
  if (!is_simulated(fd)) return kernel(SYS_read, fd, into, bytes);
  return told(machine().network().read(fd, {static_cast<char*>(into), bytes}, false));
}

ssize_t write(int fd, const void* from, size_t bytes) {
  if (!is_simulated(fd)) return kernel(SYS_write, fd, from, bytes);
  return told(machine().network().write(fd, {static_cast<const char*>(from), bytes}));
}

ssize_t send(int fd, const void* from, size_t bytes, int flags) {
  if (!is_simulated(fd)) return kernel(SYS_sendto, fd, from, bytes, flags, nullptr, 0);
  return write(fd, from, bytes);
}

ssize_t sendmsg(int fd, const msghdr* message, int flags) {
  if (!is_simulated(fd)) return kernel(SYS_sendmsg, fd, message, flags);
  std::string bytes;
  for (std::size_t i = 0; i < message->msg_iovlen; ++i) {
    const iovec& part = message->msg_iov[i];
    bytes.append(static_cast<const char*>(part.iov_base), part.iov_len);
  }
  return write(fd, bytes.data(), bytes.size());
}

int shutdown(int fd, int how) noexcept {
  if (is_simulated(fd)) return machine().network().shut_writing(fd);
  return static_cast<int>(kernel(SYS_shutdown, fd, how));
}

int close(int fd) {
  if (is_simulated(fd)) return machine().network().close(fd);
  return static_cast<int>(kernel(SYS_close, fd));
}

// ---- Waiting ----

int eventfd(unsigned count, int flags) noexcept {
  if (Machine::here() != nullptr) return machine().network().make_event();
  return static_cast<int>(kernel(SYS_eventfd2, count, flags));
}

/// There are none here: Asio then looks at its timers whenever it is run.
int timerfd_create(clockid_t clock, int flags) noexcept {
  if (Machine::here() != nullptr) return told(-ENOSYS);
  return static_cast<int>(kernel(SYS_timerfd_create, clock, flags));
}

int epoll_create1(int flags) noexcept {
  if (Machine::here() != nullptr) return machine().network().make_poll();
  return static_cast<int>(kernel(SYS_epoll_create1, flags));
}

int epoll_ctl(int poll, int operation, int fd, epoll_event* event) noexcept {
  if (is_simulated(poll)) return told(machine().network().control(poll, operation, fd, event));
  return static_cast<int>(kernel(SYS_epoll_ctl, poll, operation, fd, event));
}

int epoll_wait(int poll, epoll_event* out, int most, int wait_ms) {
  if (!is_simulated(poll)) {
    return static_cast<int>(kernel(SYS_epoll_pwait, poll, out, most, wait_ms, nullptr, 8));
  }
  Network& network = machine().network();
  const TimePoint deadline =
      wait_ms < 0 ? TimePoint::max() : machine().now() + std::chrono::milliseconds(wait_ms);
  machine().wait([&network, poll] { return network.has_events(poll); }, deadline);
  return network.collect(poll, {out, static_cast<std::size_t>(most)});
}

}  // extern "C"
