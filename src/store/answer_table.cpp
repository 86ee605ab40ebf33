#include "store/answer_table.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/bytes.h"

namespace outcry::store {
namespace {

std::uint32_t number_of(std::string_view user) noexcept {
  return static_cast<std::uint32_t>(hash_text(user));
}

}  // namespace

AnswerTable::AnswerTable(std::size_t entries_max)
    : entries_max_(std::clamp<std::size_t>(entries_max, 1, kNone - 1)) {}

std::optional<bool> AnswerTable::recall(const AccessQuestion& question, TimePoint now) {
  const auto place = find(key_of(question));
  if (!place) return std::nullopt;
  const std::int64_t word = entries_[*place].until_and_allowed;
  if (now.time_since_epoch().count() >= word >> 1) {
    erase(*place);
    return std::nullopt;
  }
  unlink(*place);
  link(*place);
  return (word & 1) != 0;
}

bool AnswerTable::keep(const AccessQuestion& question, bool allowed, TimePoint until) {
  const TextDigest key = key_of(question);
  if (const auto earlier = find(key)) erase(*earlier);
  const bool full = size() >= entries_max_;
  if (full) erase(oldest_);
  const Place place = take_place();
  entries_[place] = {.key = key,
                     .until_and_allowed = until.time_since_epoch().count() << 1 | (allowed ? 1 : 0),
                     .user = number_of(question.user)};
  index_.insert(place);
  link(place);
  return full;
}

bool AnswerTable::forget(const AccessQuestion& question) {
  const auto place = find(key_of(question));
  if (place) erase(*place);
  return place.has_value();
}

std::size_t AnswerTable::forget_user(std::string_view user) {
  const std::uint32_t number = number_of(user);
  std::size_t forgotten = 0;
  for (Place place = newest_; place != kNone;) {
    const Place next = entries_[place].older;
    if (entries_[place].user == number) {
      erase(place);
      ++forgotten;
    }
    place = next;
  }
  return forgotten;
}

/// Of the policy (1 byte), the object's length (4), object and user in one text.
TextDigest AnswerTable::key_of(const AccessQuestion& question) {
  const auto size = static_cast<std::uint32_t>(question.object.size());
  text_.assign(1 + sizeof(size), static_cast<char>(question.policy));
  std::memcpy(text_.data() + 1, &size, sizeof(size));
  text_.append(question.object).append(question.user);
  return digest_text(text_);
}

std::optional<AnswerTable::Place> AnswerTable::find(const TextDigest& key) const {
  const auto found = index_.find(key);
  return found == index_.end() ? std::nullopt : std::optional(*found);
}

AnswerTable::Place AnswerTable::take_place() {
  if (free_ != kNone) return std::exchange(free_, entries_[free_].older);
  entries_.emplace_back();
  return static_cast<Place>(entries_.size() - 1);
}

void AnswerTable::erase(Place place) {
  index_.erase(index_.find(entries_[place].key));
  unlink(place);
  entries_[place].older = std::exchange(free_, place);
}

// ---- The order of use ----

void AnswerTable::link(Place place) {
  Entry& entry = entries_[place];
  entry.newer = kNone;
  entry.older = std::exchange(newest_, place);
  (entry.older == kNone ? oldest_ : entries_[entry.older].newer) = place;
}

void AnswerTable::unlink(Place place) {
  const Entry& entry = entries_[place];
  (entry.newer == kNone ? newest_ : entries_[entry.newer].older) = entry.older;
  (entry.older == kNone ? oldest_ : entries_[entry.older].newer) = entry.newer;
}

}  // namespace outcry::store
