#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace outcry {

void assertion_failed(const char* expression, const char* file, int line) noexcept {
  std::fprintf(stderr, "outcry: invariant broken: %s (%s:%d)\n", expression, file, line);
  std::abort();
}

}  // namespace outcry
