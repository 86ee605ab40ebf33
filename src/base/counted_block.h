// base/counted_block.h — an immutable object and its bytes in one allocation, shared by count.
//
//   [count | size | T's members][bytes …]      one allocation, one cache line to reach its start
//
// For what many hold and nobody changes: an encoded frame, a room's name. std::shared_ptr to an
// object with a string would be two allocations and twice the pointer.
// Thread: made on one, then shared; the count is atomic.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <string_view>
#include <utility>

#include "base/assert.h"

namespace outcry {

/// Holds one count of a T, which derives from CountedBlock<T>.
template <class T>
class CountedPtr {
 public:
  CountedPtr() = default;
  CountedPtr(const CountedPtr& other) noexcept : block_(other.block_) {
    if (block_ != nullptr) block_->count_.fetch_add(1, std::memory_order_relaxed);
  }
  CountedPtr(CountedPtr&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  CountedPtr& operator=(CountedPtr other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~CountedPtr() {
    if (block_ != nullptr && block_->count_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      block_->~T();
      ::operator delete(static_cast<void*>(block_));
    }
  }

  [[nodiscard]] const T& operator*() const noexcept { return *block_; }
  [[nodiscard]] const T* operator->() const noexcept { return block_; }
  [[nodiscard]] const T* get() const noexcept { return block_; }
  [[nodiscard]] explicit operator bool() const noexcept { return block_ != nullptr; }
  /// Holders at this moment; for tests and figures.
  [[nodiscard]] std::uint32_t use_count() const noexcept {
    return block_ == nullptr ? 0 : block_->count_.load(std::memory_order_relaxed);
  }
  void reset() noexcept { *this = CountedPtr(); }
  /// To finish what nobody else has seen yet: this is the only holder.
  [[nodiscard]] T& unshared() const noexcept {
    OUTCRY_ASSERT(use_count() == 1);
    return *block_;
  }

  /// A T from `args` with `bytes` uninitialised bytes behind it, filled by fill(T&, span of them)
  /// before anybody else sees it.
  template <class Fill, class... Args>
  [[nodiscard]] static CountedPtr make(std::size_t bytes, Fill&& fill, Args&&... args) {
    CountedPtr out;
    void* memory = ::operator new(sizeof(T) + bytes);
    out.block_ = new (memory) T(std::forward<Args>(args)...);
    out.block_->size_ = static_cast<std::uint32_t>(bytes);
    std::forward<Fill>(fill)(*out.block_, std::span<char>(out.block_->begin(), bytes));
    return out;
  }

 private:
  T* block_ = nullptr;
};

/// Base of what CountedPtr holds. At most 4 GiB of bytes.
template <class T>
class CountedBlock {
 public:
  [[nodiscard]] std::string_view bytes() const noexcept {
    return {const_cast<CountedBlock*>(this)->begin(), size_};
  }

 private:
  friend T;
  friend class CountedPtr<T>;
  CountedBlock() = default;
  CountedBlock(const CountedBlock&) = delete;
  CountedBlock& operator=(const CountedBlock&) = delete;
  ~CountedBlock() = default;

  [[nodiscard]] char* begin() noexcept {
    return reinterpret_cast<char*>(static_cast<T*>(this)) + sizeof(T);
  }

  std::atomic<std::uint32_t> count_{1};
  std::uint32_t size_ = 0;
};

}  // namespace outcry
