// simulation/node.h — one life of a gateway on a simulated machine: the product as it is, from its
// listening sockets to its log, with its threads stepped by somebody else.
//
//   publish() ─▶ Gateway, on its io_context ─▶ two workers ─▶ Network ─▶ Browser
//                     │ step_control()           │ Machine::run_one()
//                     └─▶ LogWriter ─▶ SqliteLog ─▶ SimulatedDisk
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

#include "bus/publication.h"
#include "config/config.h"
#include "eventlog/position.h"
#include "gateway/gateway.h"

namespace outcry::simulation {

inline constexpr std::size_t kWorkers = 2;

class Node {
 public:
  /// Called with the life of the log that the event is in; nullopt: it was refused.
  using Answered = std::function<void(std::optional<eventlog::Life>)>;

  /// A start: the log is opened and loaded, and clients may connect.
  explicit Node(const config::Config& config);
  /// The process ends. What it may still do by that is up to the disk and the network.
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  void publish(bus::Publication publication, Answered done);
  /// One task of the control thread. False if there was none.
  bool step_control();

 private:
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      io_.get_executor()};
  std::unique_ptr<gateway::Gateway> gateway_;
};

}  // namespace outcry::simulation
