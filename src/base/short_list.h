// base/short_list.h — a list that is nearly always of one: its first element lies in the object.
//
//   [size|room|  element  ]        one element: no memory of its own
//   [size|room| ─▶ [e][e][e] ]     more
//
// Most rooms have one member, most sessions one room; a std::vector would cost each of them
// 24 bytes and an allocation.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>
#include <utility>

#include "base/assert.h"

namespace outcry {

template <class T>
class ShortList {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) == sizeof(void*));

 public:
  ShortList() = default;
  ShortList(ShortList&& other) noexcept { swap(other); }
  ShortList& operator=(ShortList&& other) noexcept {
    ShortList(std::move(other)).swap(*this);
    return *this;
  }
  ~ShortList() {
    if (capacity_ > 1) delete[] many();
  }

  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::span<const T> items() const noexcept { return {data(), size_}; }
  [[nodiscard]] T& operator[](std::size_t i) noexcept {
    OUTCRY_ASSERT(i < size_);
    return data()[i];
  }
  [[nodiscard]] T& back() noexcept { return (*this)[size_ - 1]; }

  /// Removes the first element of this value, if there is one; the last takes its place.
  void erase_value(const T& value) {
    for (std::uint32_t i = 0; i < size_; ++i) {
      if (!(data()[i] == value)) continue;
      data()[i] = back();
      return pop_back();
    }
  }
  void push_back(T value) {
    if (size_ == capacity_) grow();
    data()[size_++] = value;
  }
  /// Memory is given back once a quarter of it would do.
  void pop_back() {
    --size_;
    if (capacity_ > 1 && size_ <= capacity_ / 4) move_to(size_ <= 1 ? 1 : capacity_ / 2);
  }

 private:
  void swap(ShortList& other) noexcept {
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
    std::swap(place_, other.place_);
  }
  void grow() {
    OUTCRY_ASSERT(capacity_ < 1u << 31);
    move_to(capacity_ == 1 ? 4 : capacity_ * 2);
  }
  void move_to(std::uint32_t capacity) {
    T* const old = data();
    const bool owned = capacity_ > 1;
    T one{};
    T* const target = capacity > 1 ? new T[capacity] : &one;
    std::memcpy(target, old, size_ * sizeof(T));
    if (owned) delete[] old;
    capacity_ = capacity;
    place_ = capacity > 1 ? std::bit_cast<T>(target) : one;
  }
  [[nodiscard]] T* many() const noexcept { return std::bit_cast<T*>(place_); }
  [[nodiscard]] T* data() noexcept { return capacity_ > 1 ? many() : &place_; }
  [[nodiscard]] const T* data() const noexcept { return capacity_ > 1 ? many() : &place_; }

  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = 1;
  T place_{};  // the one element, or the address of many
};

}  // namespace outcry
