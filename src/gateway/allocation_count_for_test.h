// gateway/allocation_count_for_test.h — how often this thread has asked for memory, and given some
// back.
//
// A program that links allocation_count_for_test.cpp gets its malloc() and free() from there: they
// count and pass on to the C library's. So everything counts, `new`, std::string and C libraries
// alike, and each thread counts for itself. Sanitizers have a malloc of their own: under them
// nothing is counted.
#pragma once

#include <cstdint>

namespace outcry::test {

struct AllocationCount {
  std::uint64_t allocations = 0;  // a realloc is one, too
  std::uint64_t frees = 0;
};

/// Whether this build counts at all.
[[nodiscard]] bool counts_allocations() noexcept;

/// Of the calling thread, since it began.
[[nodiscard]] AllocationCount allocation_count() noexcept;

}  // namespace outcry::test
