#include "gateway/worker_group.h"

#include <string>
#include <utility>

#include <pthread.h>

#include "base/log.h"
#include "net/cpu.h"
#include "net/tcp.h"

namespace outcry::gateway {
namespace {

constexpr std::size_t kBacklogMax = 256 * 1024;

bool may_be_dropped(const ToWorker& message) {
  return std::holds_alternative<RoomDelivery>(message) ||
         std::holds_alternative<std::shared_ptr<const Delivery>>(message);
}

void pin(std::optional<unsigned> cpu) {
  const std::error_code error = cpu ? net::pin_this_thread(*cpu) : std::error_code();
  if (error) log::warning("can't pin a thread to CPU {}: {}", *cpu, error.message());
}

}  // namespace

WorkerGroup::WorkerGroup(const SharedRules& rules, const transport::TransportOptions& transport,
                         const transport::StaticFiles* files, ControlMailbox& control,
                         Placement placement)
    : placement_(std::move(placement)) {
  workers_.resize(placement_.workers);
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    // Other workers exist by the time that connections come: all are made before any runs.
    workers_[i].worker = std::make_unique<Worker>(
        static_cast<WorkerId>(i), rules, transport, files, control,
        [this](WorkerId to, transport::HandedOver&& connection) {
          if (to >= workers_.size()) return false;
          ToWorker message = std::make_unique<transport::HandedOver>(std::move(connection));
          const bool taken = workers_[to].worker->post(std::move(message));
          workers_[to].worker->wake();
          if (!taken) {  // a full mailbox leaves it whole, and its giver has to answer it
            // NOLINTNEXTLINE(bugprone-use-after-move)
            connection = std::move(*std::get<std::unique_ptr<transport::HandedOver>>(message));
          }
          return taken;
        });
  }
}

WorkerGroup::~WorkerGroup() {
  stop();
}

std::error_code WorkerGroup::listen(const config::ListenAddress& address, std::size_t backlog) {
  net::HostPort target{.host = address.host.empty() ? "::" : address.host, .port = address.port};
  for (Seat& seat : workers_) {
    auto listener = net::listen_tcp(target, static_cast<int>(backlog));
    if (!listener) return listener.error();
    target.port = net::local_port(listener->get());  // port 0: all share the first one's
    seat.worker->listen(std::move(*listener));
  }
  port_ = target.port;
  if (const auto limit = net::backlog_limit(); limit && std::cmp_less(*limit, backlog)) {
    log::warning("server.listen_backlog = {}: the kernel keeps {} (net.core.somaxconn)", backlog,
                 *limit);
  }
  return {};
}

void WorkerGroup::start() {
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    Worker& worker = *workers_[i].worker;
    const auto cpu =
        i < placement_.worker_cpus.size() ? std::optional(placement_.worker_cpus[i]) : std::nullopt;
    workers_[i].thread = std::jthread([&worker, cpu] {
      pin(cpu);
      worker.run();
    });
    const std::string name = "worker-" + std::to_string(i);
    ::pthread_setname_np(workers_[i].thread.native_handle(), name.c_str());
  }
  pin(placement_.control_cpu);  // last: threads inherit it
  if (!placement_.warning.empty()) log::warning("{}", placement_.warning);
  log::info("placement: {}", placement_.summary);
}

void WorkerGroup::stop() {
  for (Seat& seat : workers_) {
    if (!seat.thread.joinable()) continue;
    while (!seat.worker->post(Stop{})) std::this_thread::yield();
    seat.worker->wake();
    seat.thread.join();
  }
}

WorkerSet WorkerGroup::all() const noexcept {
  return workers_.size() == 64 ? ~WorkerSet{0} : (WorkerSet{1} << workers_.size()) - 1;
}

bool WorkerGroup::post(WorkerId worker, ToWorker message) {
  Seat& seat = workers_[worker];
  to_wake_ |= WorkerSet{1} << worker;
  if (seat.backlog.empty() && seat.worker->post(std::move(message))) return true;
  // NOLINTNEXTLINE(bugprone-use-after-move): a full mailbox leaves it whole
  if (seat.backlog.size() >= kBacklogMax && may_be_dropped(message)) {
    ++dropped_;
    return false;
  }
  seat.backlog.push_back(std::move(message));
  return true;
}

bool WorkerGroup::wake() {
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    Seat& seat = workers_[i];
    while (!seat.backlog.empty() && seat.worker->post(std::move(seat.backlog.front()))) {
      seat.backlog.pop_front();
      to_wake_ |= WorkerSet{1} << i;  // it may have emptied its mailbox and gone to sleep since
    }
    if ((to_wake_ >> i & 1) != 0) seat.worker->wake();
  }
  to_wake_ = 0;
  return !clear();
}

bool WorkerGroup::has_room(WorkerSet workers) const noexcept {
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    if ((workers >> i & 1) != 0 && workers_[i].backlog.size() >= kBacklogMax) return false;
  }
  return true;
}

bool WorkerGroup::clear() const noexcept {
  for (const Seat& seat : workers_) {
    if (!seat.backlog.empty()) return false;
  }
  return true;
}

}  // namespace outcry::gateway
