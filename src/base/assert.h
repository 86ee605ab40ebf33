// base/assert.h — for the impossible: a broken invariant of our own ends the process at once.
//
// Never for anything that a peer, a publisher, a file or the operating system can cause.
#pragma once

namespace outcry {

/// Prints expression and place to standard error, then aborts.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line) noexcept;

}  // namespace outcry

#define OUTCRY_ASSERT(expression)                                  \
  do {                                                             \
    if (!(expression)) [[unlikely]] {                              \
      ::outcry::assertion_failed(#expression, __FILE__, __LINE__); \
    }                                                              \
  } while (false)
