#include "machine.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <ucontext.h>

#include "base/assert.h"

namespace outcry::simulation {
namespace {

constexpr std::size_t kStackBytes = 256 * 1024;
constexpr WallTime kBeginning{std::chrono::milliseconds(1'795'000'000'000)};

thread_local Machine* t_here = nullptr;

}  // namespace

struct Machine::Fiber {
  std::size_t number = 0;
  ucontext_t context{};
  std::unique_ptr<std::byte[]> stack;
  Start start = nullptr;
  void* argument = nullptr;
  Ready ready;
  TimePoint deadline{};
  bool ended = false;
};

Machine::Machine(std::uint32_t seed)
    : outer_(std::exchange(t_here, this)), random_(seed), main_(std::make_unique<Fiber>()) {}

Machine::~Machine() {
  OUTCRY_ASSERT(fibers_.empty());
  t_here = outer_;
}

Machine* Machine::here() noexcept {
  return t_here;
}

WallTime Machine::wall() const noexcept {
  const auto passed = std::chrono::floor<std::chrono::milliseconds>(now_.time_since_epoch());
  return kBeginning + passed + wall_error_;
}

void Machine::fill_with_chance(std::span<std::byte> out) {
  for (std::byte& byte : out) byte = static_cast<std::byte>(random_());
}

// ---- Threads ----

std::size_t Machine::start_thread(Start start, void* argument) {
  auto fiber = std::make_unique<Fiber>();
  fiber->number = ++threads_started_;
  fiber->stack = std::make_unique_for_overwrite<std::byte[]>(kStackBytes);
  fiber->start = start;
  fiber->argument = argument;
  OUTCRY_ASSERT(getcontext(&fiber->context) == 0);
  fiber->context.uc_stack.ss_sp = fiber->stack.get();
  fiber->context.uc_stack.ss_size = kStackBytes;
  fiber->context.uc_link = &main_->context;
  // makecontext() passes ints.
  const auto self = reinterpret_cast<std::uintptr_t>(fiber.get());
  makecontext(&fiber->context, reinterpret_cast<void (*)()>(&Machine::begin), 2,
              static_cast<unsigned>(self), static_cast<unsigned>(self >> 32));
  fibers_.push_back(std::move(fiber));
  return threads_started_;
}

void Machine::begin(unsigned low, unsigned high) {
  auto* self = reinterpret_cast<Fiber*>(std::uintptr_t{low} | std::uintptr_t{high} << 32);
  self->start(self->argument);
  self->ended = true;
}

bool Machine::has_ended(std::size_t thread) const {
  return std::ranges::none_of(fibers_, [=](const auto& one) { return one->number == thread; });
}

bool Machine::may_run(const Fiber& fiber, TimePoint now) {
  return !fiber.ready || now >= fiber.deadline || fiber.ready();
}

void Machine::switch_to(Fiber& fiber) {
  OUTCRY_ASSERT(running_ == nullptr);
  running_ = &fiber;
  OUTCRY_ASSERT(swapcontext(&main_->context, &fiber.context) == 0);
  running_ = nullptr;
  if (fiber.ended) std::erase_if(fibers_, [&](const auto& one) { return one.get() == &fiber; });
}

bool Machine::run_one() {
  if (fibers_.empty()) return false;
  const std::size_t first = random_() % fibers_.size();
  for (std::size_t i = 0; i < fibers_.size(); ++i) {
    Fiber& fiber = *fibers_[(first + i) % fibers_.size()];
    if (!may_run(fiber, now_)) continue;
    switch_to(fiber);
    return true;
  }
  return false;
}

void Machine::wait(Ready ready, TimePoint deadline) {
  if (running_ != nullptr) {
    Fiber& self = *running_;
    self.ready = std::move(ready);
    self.deadline = deadline;
    OUTCRY_ASSERT(swapcontext(&self.context, &main_->context) == 0);
    return;
  }
  while (!ready() && now_ < deadline) {
    // Who waits here for ever waits for a thread, whose own deadline may be yet to come.
    if (!run_one()) advance(std::chrono::milliseconds(1));
  }
}

}  // namespace outcry::simulation
