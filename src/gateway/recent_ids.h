// gateway/recent_ids.h — publications accepted lately, by id: a repeat gets the first one's receipt
// and is not delivered again.
//
//   begin("a") ─▶ under way ─▶ finish("a", position) ─▶ remembered, the oldest are forgotten first
//                    ▲ wait("a", done): answered together with the first
//
// A publisher whose connection broke before the answer can't know whether its event was taken; with
// an id it may simply ask again, also while the first is still being written. One that was refused
// is forgotten: it may be tried again.
//
// What is remembered lies in a ring in the order in which it came; an index leads to the newest of
// those whose digests begin alike, and each of them to the one before. Nothing is ever taken out:
// where a chain comes to what the ring has overwritten, it ends. So a publication costs the same
// each time. (A hash table that is as full as it ever gets, and from which one is taken for each
// that comes, has to be made anew now and then: with 100,000 ids that stops all deliveries for 12
// ms, every 0.7 s at 50,000 events/s.)
// Thread: the control thread. Owner: Gateway.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "base/result.h"
#include "base/text_hash.h"
#include "eventlog/position.h"

namespace outcry::gateway {

/// Ids are given as their digests, digest_text().
class RecentIds {
 public:
  using Done = std::move_only_function<void(Result<eventlog::Position>)>;

  /// Takes 8 to 16 bytes for each of `ids_max` at once, and 48 for one that is remembered.
  explicit RecentIds(std::size_t ids_max);
  RecentIds(const RecentIds&) = delete;
  RecentIds& operator=(const RecentIds&) = delete;

  /// The position that the event of this id was released at.
  [[nodiscard]] std::optional<eventlog::Position> find(const TextDigest& id) const noexcept;
  /// False if one of this id is not under way; `done` is taken if it is. It may be empty.
  [[nodiscard]] bool wait(const TextDigest& id, Done& done);
  /// One of this id, which is neither remembered nor under way, is being accepted. `done` as above.
  void begin(const TextDigest& id, Done done) { under_way_[id].first = std::move(done); }
  /// How that ended; answers those that wait.
  void finish(const TextDigest& id, const Result<eventlog::Position>& result);
  /// One of an earlier run.
  void remember(const TextDigest& id, const eventlog::Position& position);

 private:
  /// What is remembered is numbered from 1; 0 is none.
  using Number = std::uint64_t;
  struct Entry {
    TextDigest id;
    Number before = 0;  // the one before of its chain
    eventlog::Position position;
  };
  struct UnderWay {
    Done first;
    std::vector<Done> repeats;
  };

  [[nodiscard]] std::size_t chain_of(const TextDigest& id) const noexcept {
    return id.first & (newest_.size() - 1);
  }

  const std::size_t ids_max_;
  std::vector<Entry> ring_;     // number n lies at (n - 1) % ids_max_
  std::vector<Number> newest_;  // of each chain; a power of two of them
  Number last_ = 0;
  boost::unordered_flat_map<TextDigest, UnderWay, HashOfDigest> under_way_;
};

}  // namespace outcry::gateway
