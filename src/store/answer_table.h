// store/answer_table.h — answers by their questions, so many of them, each until its time.
//
//   policy, object, user ─▶ 128 bits under keys of this process ─▶ yes or no, until …
//
// There is one for each room of each client, so the questions' texts aren't kept: 40 bytes and a
// place in the index.
//
// The least recently used makes room. Thread: its owner's only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_set.hpp>

#include "base/clock.h"
#include "base/text_hash.h"
#include "store/access.h"

namespace outcry::store {

class AnswerTable {
 public:
  /// At least 1.
  explicit AnswerTable(std::size_t entries_max);
  AnswerTable(const AnswerTable&) = delete;
  AnswerTable& operator=(const AnswerTable&) = delete;

  /// It is now the most recently used. nullopt: there is none, or its time is over.
  [[nodiscard]] std::optional<bool> recall(const AccessQuestion& question, TimePoint now);
  /// In place of an earlier answer. True if another question's had to make room.
  bool keep(const AccessQuestion& question, bool allowed, TimePoint until);
  /// True if there was one.
  bool forget(const AccessQuestion& question);
  /// All of the user's; returns how many. One in four billion users falls together with him, and is
  /// asked about anew.
  std::size_t forget_user(std::string_view user);

  [[nodiscard]] std::size_t size() const noexcept { return index_.size(); }

 private:
  using Place = std::uint32_t;
  static constexpr Place kNone = std::numeric_limits<Place>::max();

  struct Entry {
    TextDigest key;
    std::int64_t until_and_allowed = 0;  // in one word, which saves another
    std::uint32_t user = 0;
    Place newer = kNone;
    Place older = kNone;  // of a free one: the next free one
  };
  /// Of what lies at a place.
  struct KeyAt {
    const std::vector<Entry>* entries;
    TextDigest operator()(Place place) const { return (*entries)[place].key; }
    TextDigest operator()(const TextDigest& key) const { return key; }
  };
  struct HashOf : KeyAt {
    using is_transparent = void;
    std::size_t operator()(const auto& of) const { return KeyAt::operator()(of).first; }
  };
  struct SameKey : KeyAt {
    using is_transparent = void;
    bool operator()(const auto& a, const auto& b) const {
      return KeyAt::operator()(a) == KeyAt::operator()(b);
    }
  };

  [[nodiscard]] TextDigest key_of(const AccessQuestion& question);
  [[nodiscard]] std::optional<Place> find(const TextDigest& key) const;
  [[nodiscard]] Place take_place();
  void erase(Place place);
  void link(Place place);
  void unlink(Place place);

  const std::size_t entries_max_;
  std::string text_;  // of the question at hand
  std::vector<Entry> entries_;
  boost::unordered_flat_set<Place, HashOf, SameKey> index_{0, HashOf{{&entries_}},
                                                           SameKey{{&entries_}}};
  Place newest_ = kNone;
  Place oldest_ = kNone;
  Place free_ = kNone;
};

}  // namespace outcry::store
