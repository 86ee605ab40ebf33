// simulation/node.h — the gateway's control plane, with workers, log thread and clocks that move
// only when told to.
//
//   publish() ─▶ Publisher ─▶ workers' mailboxes ─▶ step_worker() ─▶ sessions' pipes
//                   │                                                     │
//   step_writer() ◀─┴─ SqliteLog on a SimulatedDisk          receive() ◀──┘ the client's end
//
// Everything but the mailboxes' and sessions' mechanics is the product's own code: rules, encoding,
// positions, history, newest values, replay, ids, the log. A node lives from a start to a crash.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "bus/publication.h"
#include "eventlog/simulated_disk.h"
#include "eventlog/sqlite_log.h"
#include "gateway/event_history.h"
#include "gateway/gateway_setup.h"
#include "gateway/publisher.h"
#include "gateway/recent_ids.h"
#include "gateway/replay.h"
#include "gateway/room_table.h"
#include "gateway/snapshots.h"
#include "mutant.h"

namespace outcry::simulation {

inline constexpr std::size_t kWorkers = 2;

/// What runs between two threads, in its order.
using Work = std::variant<gateway::ToWorker, std::function<void()>>;

/// A socket on a worker. The pipe is what its client may yet read.
struct Session {
  std::string sid;
  std::vector<std::string> rooms;
  WorkerId worker = 0;
  bool alive = true;  // its connection is not known to be broken
  bool catching_up = false;
  std::optional<std::uint64_t> more_after;  // the next part of what it missed begins here
  std::deque<std::string> pipe;
};
using SessionPtr = std::shared_ptr<Session>;

class Node final : public gateway::WorkerPosts, public eventlog::LogSink {
 public:
  using Accepted = std::move_only_function<void(bool)>;

  /// A start: the log is opened and loaded. `disk` must outlive this.
  Node(eventlog::SimulatedDisk& disk, const gateway::Config& config, Mutant mutant);

  void publish(bus::Publication publication, Accepted done);
  void save_values();
  /// One message for this worker. False if there is none.
  bool step_worker(WorkerId worker);
  /// What has been committed is written, as one transaction. False if nothing was.
  bool step_writer();
  /// The control thread hears of a write. False if there is none to hear of.
  bool step_report();
  /// A session that has sent what it had asks for the rest of what it missed.
  bool step_session(const SessionPtr& session);
  [[nodiscard]] bool idle() const;

  /// A new client joins these rooms.
  SessionPtr connect(std::string sid, std::vector<std::string> rooms, WorkerId worker);
  /// A client comes back, from `old` if the node knew no better than that it was there. The answer
  /// is a position of its own, or "resync", in its pipe.
  SessionPtr come_back(const SessionPtr& old, std::string sid, std::vector<std::string> rooms,
                       const std::string& offset, WorkerId worker);

 private:
  [[nodiscard]] gateway::WorkerSet all() const noexcept override {
    return (gateway::WorkerSet{1} << kWorkers) - 1;
  }
  bool post(WorkerId worker, gateway::ToWorker message) override;
  [[nodiscard]] bool has_room(gateway::WorkerSet) const noexcept override { return true; }
  [[nodiscard]] bool add(eventlog::Change change) override;
  void commit() override { committed_ = true; }

  void load(eventlog::LogContents contents);
  void deliver(WorkerId worker, rooms::RoomNumber room, const transport::SharedFrame& frame);
  void deliver(WorkerId worker, const gateway::Delivery& delivery);
  void grant(Session& session);
  void attach(const SessionPtr& session);
  void detach(Session& session);
  void answer_return(const SessionPtr& session, std::uint64_t seen, bool first);

  const Mutant mutant_;
  const gateway::Config config_;
  const gateway::SharedRules rules_;
  const eventlog::Life life_ = eventlog::make_life();
  std::unique_ptr<eventlog::SqliteLog> log_;
  std::optional<eventlog::LogContents> found_;
  gateway::RoomTable rooms_;
  gateway::Snapshots snapshots_;
  std::optional<gateway::EventHistory> history_;
  std::optional<gateway::Replay> replay_;
  std::optional<gateway::Publisher> publisher_;
  gateway::RecentIds recent_ids_{1'000};
  TimePoint now_{std::chrono::hours(1)};
  WallTime wall_{std::chrono::milliseconds(1'795'000'000'000)};

  std::deque<eventlog::Change> to_write_;
  bool committed_ = false;
  std::deque<std::uint64_t> reports_;
  std::array<std::deque<Work>, kWorkers> mailboxes_;
  std::map<rooms::RoomNumber, std::vector<SessionPtr>> members_[kWorkers];
};

}  // namespace outcry::simulation
