#include "limits/count_table.h"

#include <utility>

namespace outcry::limits {
namespace {

constexpr std::size_t kPlacesAtFirst = 64;
constexpr int kCountBits = 24;

std::uint64_t tag_of(std::uint64_t word) noexcept {
  return word >> kCountBits;
}

std::uint32_t count_of(std::uint64_t word) noexcept {
  return static_cast<std::uint32_t>(word) & CountTable::kCountMax;
}

}  // namespace

CountTable::CountTable() : words_(kPlacesAtFirst) {}

std::size_t CountTable::home_of(std::uint64_t tag) const noexcept {
  return tag & (words_.size() - 1);
}

std::size_t CountTable::find(std::uint64_t tag) const noexcept {
  std::size_t at = home_of(tag);
  while (words_[at] != 0 && tag_of(words_[at]) != tag) at = home_of(at + 1);
  return at;
}

std::uint32_t CountTable::count(Key key) const noexcept {
  return count_of(words_[find(tag_of(key))]);
}

std::uint32_t CountTable::add(Key key) {
  const std::uint64_t tag = tag_of(key);
  std::size_t at = find(tag);
  if (words_[at] == 0) {
    if ((size_ + 1) * 8 > words_.size() * 7) {
      grow();
      at = find(tag);
    }
    words_[at] = tag << kCountBits;
    ++size_;
  }
  if (count_of(words_[at]) < kCountMax) ++words_[at];
  return count_of(words_[at]);
}

std::uint32_t CountTable::remove(Key key) noexcept {
  const std::size_t at = find(tag_of(key));
  const std::uint32_t before = count_of(words_[at]);
  if (before == 0 || before == kCountMax) return before;
  if (before > 1) {
    --words_[at];
  } else {
    close_gap(at);
    --size_;
  }
  return before - 1;
}

/// Empties a place. Those behind it that had to pass it by move up, or find() would stop too early.
void CountTable::close_gap(std::size_t gap) noexcept {
  for (std::size_t at = home_of(gap + 1); words_[at] != 0; at = home_of(at + 1)) {
    const std::size_t from_home = home_of(at - home_of(tag_of(words_[at])));
    const std::size_t from_gap = home_of(at - gap);
    if (from_home < from_gap) continue;  // its home lies behind the gap
    words_[gap] = words_[at];
    gap = at;
  }
  words_[gap] = 0;
}

void CountTable::grow() {
  const std::vector<std::uint64_t> old =
      std::exchange(words_, std::vector<std::uint64_t>(words_.size() * 2));
  for (const std::uint64_t word : old) {
    if (word != 0) words_[find(tag_of(word))] = word;
  }
}

}  // namespace outcry::limits
