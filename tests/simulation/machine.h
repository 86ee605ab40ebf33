// simulation/machine.h — the machine that a node runs on: clocks, chance, threads and sockets that
// do nothing by themselves.
//
//   the node's code ─▶ clock_gettime, getrandom, pthread_create, epoll_wait, read, send …
//                             │ system_calls.cpp defines them, and the linker prefers them
//                             ▼
//   a thread with a machine: the machine         any other thread: the kernel
//
// So nothing of the node is changed or left out, and nothing of it can tell. Its threads are
// fibers of the one real thread that made the machine: each runs until it waits for something, and
// goes on when the simulation says so. What is random comes from the seed.
// Thread: the one that made it. There may be one machine for each thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <span>
#include <vector>

#include "base/clock.h"
#include "network.h"

namespace outcry::simulation {

class Machine {
 public:
  explicit Machine(std::uint32_t seed);
  /// Every thread must have ended.
  ~Machine();
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  /// This thread's; nullptr: it lives in the real world.
  [[nodiscard]] static Machine* here() noexcept;

  // ---- For the simulation ----

  [[nodiscard]] TimePoint now() const noexcept { return now_; }
  [[nodiscard]] WallTime wall() const noexcept;
  void advance(std::chrono::nanoseconds by) noexcept { now_ += by; }
  /// What an administrator has set the wall clock to: so far from the right time.
  void set_wall_error(std::chrono::milliseconds error) noexcept { wall_error_ = error; }
  /// Lets one of the threads that may go on do so until it waits again. False if none may.
  bool run_one();
  [[nodiscard]] Network& network() noexcept { return network_; }

  // ---- For the system calls ----

  /// Waits until `ready`, or the deadline. Other threads run meanwhile.
  using Ready = std::function<bool()>;
  void wait(Ready ready, TimePoint deadline);
  /// A thread, by a number that is never given to another one.
  using Start = void* (*)(void*);
  [[nodiscard]] std::size_t start_thread(Start start, void* argument);
  [[nodiscard]] bool has_ended(std::size_t thread) const;
  /// Of a condition variable: calls of notify so far.
  [[nodiscard]] std::uint64_t& notified(const void* condition) { return notified_[condition]; }
  void fill_with_chance(std::span<std::byte> out);

 private:
  struct Fiber;
  static void begin(unsigned low, unsigned high);
  void switch_to(Fiber& fiber);
  [[nodiscard]] static bool may_run(const Fiber& fiber, TimePoint now);

  Machine* const outer_;
  std::mt19937 random_;
  TimePoint now_{std::chrono::hours(1)};
  std::chrono::milliseconds wall_error_{0};
  std::vector<std::unique_ptr<Fiber>> fibers_;  // those that have not ended
  std::size_t threads_started_ = 0;
  Fiber* running_ = nullptr;  // nullptr: the simulation itself
  std::unique_ptr<Fiber> main_;
  std::map<const void*, std::uint64_t> notified_;
  Network network_{random_};
};

}  // namespace outcry::simulation
