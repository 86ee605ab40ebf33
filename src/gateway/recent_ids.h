// gateway/recent_ids.h — publications accepted lately, by id: a repeat gets the first one's receipt
// and is not delivered again.
//
//   begin("a") ─▶ under way ─▶ finish("a", position) ─▶ remembered, the oldest are forgotten first
//                    ▲ wait("a", done): answered together with the first
//
// A publisher whose connection broke before the answer can't know whether its event was taken; with
// an id it may simply ask again, also while the first is still being written. One that was refused
// is forgotten: it may be tried again.
// Thread: the control thread. Owner: Gateway.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "base/by_text.h"
#include "base/result.h"
#include "eventlog/position.h"

namespace outcry::gateway {

class RecentIds {
 public:
  using Done = std::move_only_function<void(Result<eventlog::Position>)>;

  explicit RecentIds(std::size_t ids_max) : ids_max_(ids_max) {}
  RecentIds(const RecentIds&) = delete;
  RecentIds& operator=(const RecentIds&) = delete;

  /// The position that the event of this id was released at.
  [[nodiscard]] std::optional<eventlog::Position> find(std::string_view id) const;
  /// False if one of this id is not under way. `done` may be empty.
  [[nodiscard]] bool wait(std::string_view id, Done& done);
  /// One of this id, which is neither remembered nor under way, is being accepted.
  void begin(const std::string& id) { under_way_.try_emplace(id); }
  /// How that ended; answers those that wait.
  void finish(const std::string& id, const Result<eventlog::Position>& result);
  /// One of an earlier run.
  void remember(std::string id, const eventlog::Position& position);

 private:
  const std::size_t ids_max_;
  std::deque<std::string> order_;  // oldest first; its elements don't move
  boost::unordered_flat_map<std::string_view, eventlog::Position> positions_;  // views them
  boost::unordered_flat_map<std::string, std::vector<Done>, HashByText<>, SameText<>> under_way_;
};

}  // namespace outcry::gateway
