// limits/count_table.h — how many there are of each key, in one word a key.
//
//   [ 40 bits of the key | 24 bits of count ]    open addressing, linear probing, at most 7/8 full
//
// Everybody who is connected stands in such a table, so its size is counted in bytes a connection:
// 9 to 18 of them, 12 on average. 40 bits tell a million keys apart but for one in a million of
// them; keys are hashes that nobody can choose (key_hash.h).
//
// Bounded by who uses it: a key goes when its count does. Memory is used again, never given back.
// Thread: its owner's only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "limits/key_hash.h"

namespace outcry::limits {

class CountTable {
 public:
  /// A count that has got here stays: more sockets than a process can hold.
  static constexpr std::uint32_t kCountMax = (1u << 24) - 1;

  CountTable();

  [[nodiscard]] std::uint32_t count(Key key) const noexcept;
  /// Returns the count with this one.
  std::uint32_t add(Key key);
  /// Undoes one add(); of a key that isn't there, nothing. Returns what is left.
  std::uint32_t remove(Key key) noexcept;

  /// Keys with a count.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::size_t memory_bytes() const noexcept {
    return words_.capacity() * sizeof(std::uint64_t);
  }

 private:
  [[nodiscard]] std::size_t home_of(std::uint64_t tag) const noexcept;
  /// The place of this tag, or the free one where it belongs.
  [[nodiscard]] std::size_t find(std::uint64_t tag) const noexcept;
  void close_gap(std::size_t at) noexcept;
  void grow();

  std::vector<std::uint64_t> words_;  // 0: free. Its size is a power of two
  std::size_t size_ = 0;
};

}  // namespace outcry::limits
