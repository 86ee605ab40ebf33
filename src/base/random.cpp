#include "base/random.h"

#include <array>
#include <cstring>
#include <sys/random.h>

#include "base/assert.h"
#include "base/base64.h"
#include "base/bytes.h"

namespace outcry {
namespace {

// One system call for many ids: a connect storm would otherwise pay one for each.
struct Pool {
  std::array<std::byte, 4096> bytes;
  std::size_t used = sizeof(bytes);
};

void fill_from_kernel(std::span<std::byte> out) noexcept {
  while (!out.empty()) {
    const ssize_t got = ::getrandom(out.data(), out.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    OUTCRY_ASSERT(got > 0);
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

}  // namespace

void random_bytes(std::span<std::byte> out) noexcept {
  thread_local Pool pool;
  if (out.size() > pool.bytes.size() / 4) {
    fill_from_kernel(out);
    return;
  }
  if (pool.bytes.size() - pool.used < out.size()) {
    fill_from_kernel(pool.bytes);
    pool.used = 0;
  }
  std::byte* from = pool.bytes.data() + pool.used;
  std::memcpy(out.data(), from, out.size());
  explicit_bzero(from, out.size());  // an id given out must not stay readable in the pool
  pool.used += out.size();
}

std::string random_id(std::size_t bytes) {
  std::array<std::byte, 64> raw;
  OUTCRY_ASSERT(bytes <= raw.size());
  const auto part = std::span(raw).first(bytes);
  random_bytes(part);
  return base64url_encode(part);
}

}  // namespace outcry
