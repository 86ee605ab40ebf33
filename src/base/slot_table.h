// base/slot_table.h — objects in stable slots, found by slot and generation.
//
//   slot 0: generation 3, object      find({0, 3}) -> the object, find({0, 2}) -> nullptr
//   slot 1: generation 8, free        erase() bumps the generation at once
//
// Objects never move, so code below on the stack may keep a reference until the slot is
// released. Memory grows in chunks and is reused, never given back: connection counts come back.
// Thread: its owner's only.
#pragma once

#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "base/assert.h"

namespace outcry {

template <class T, class Id>
class SlotTable {
 public:
  SlotTable() = default;
  SlotTable(const SlotTable&) = delete;
  SlotTable& operator=(const SlotTable&) = delete;
  ~SlotTable() {
    for (std::uint32_t slot = 0; slot < used_; ++slot) {
      if (place(slot).alive) place(slot).object()->~T();
    }
  }

  /// Constructs a T from (id, args…) in a free slot.
  template <class... Args>
  T& emplace(Args&&... args) {
    if (free_.empty()) grow();
    const std::uint32_t slot = free_.back();
    free_.pop_back();
    Slot& s = place(slot);
    s.alive = true;
    ++size_;
    return *new (s.storage) T(Id{slot, s.generation}, std::forward<Args>(args)...);
  }

  /// The object, or nullptr if it was erased (also when its slot has a new owner).
  [[nodiscard]] T* find(Id id) noexcept {
    if (id.slot >= used_) return nullptr;
    Slot& s = place(id.slot);
    return s.alive && s.generation == id.generation ? s.object() : nullptr;
  }

  /// The object that lives in a slot now, or nullptr. For those who learn of every erase.
  [[nodiscard]] T* at(std::uint32_t slot) noexcept {
    if (slot >= used_ || !place(slot).alive) return nullptr;
    return place(slot).object();
  }

  /// Asks the processor for a slot's memory, to be there when it is looked at soon.
  void prefetch(Id id) const noexcept {
    if (id.slot >= used_) return;
    const auto* from = reinterpret_cast<const char*>(&chunks_[id.slot / kChunk][id.slot % kChunk]);
    for (std::size_t at = 0; at < sizeof(Slot); at += 64) __builtin_prefetch(from + at, 1);
  }

  /// Destroys the object and bumps the generation. The id must be alive.
  void erase(Id id) {
    OUTCRY_ASSERT(find(id) != nullptr);
    Slot& s = place(id.slot);
    s.object()->~T();
    s.alive = false;
    if (++s.generation == 0) s.generation = 1;
    free_.push_back(id.slot);
    --size_;
  }

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  /// Calls f(T&) for each object alive; f must not add or erase.
  template <class F>
  void for_each(F&& f) {
    for (std::uint32_t slot = 0; slot < used_; ++slot) {
      if (place(slot).alive) f(*place(slot).object());
    }
  }

 private:
  struct Slot {
    std::uint32_t generation = 1;
    bool alive = false;
    alignas(T) unsigned char storage[sizeof(T)];
    T* object() noexcept { return std::launder(reinterpret_cast<T*>(storage)); }
  };
  static constexpr std::uint32_t kChunk = 256;

  Slot& place(std::uint32_t slot) noexcept { return chunks_[slot / kChunk][slot % kChunk]; }

  void grow() {
    chunks_.push_back(std::make_unique<Slot[]>(kChunk));
    // Highest first, so that the lowest slot is taken next: live objects stay close together.
    for (std::uint32_t i = kChunk; i > 0; --i) free_.push_back(used_ + i - 1);
    used_ += kChunk;
  }

  std::vector<std::unique_ptr<Slot[]>> chunks_;
  std::vector<std::uint32_t> free_;
  std::uint32_t used_ = 0;
  std::size_t size_ = 0;
};

}  // namespace outcry
