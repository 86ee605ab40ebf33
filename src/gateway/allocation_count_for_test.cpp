#include "gateway/allocation_count_for_test.h"

#include <cerrno>
#include <cstddef>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define OUTCRY_OWN_MALLOC 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define OUTCRY_OWN_MALLOC 0
#endif
#endif
#ifndef OUTCRY_OWN_MALLOC
#define OUTCRY_OWN_MALLOC 1
#endif

namespace outcry::test {
namespace {

// Constant-initialised and of the program itself: reaching it needs no memory.
thread_local constinit AllocationCount t_count;

}  // namespace

bool counts_allocations() noexcept {
  return OUTCRY_OWN_MALLOC != 0;
}

AllocationCount allocation_count() noexcept {
  return t_count;
}

}  // namespace outcry::test

#if OUTCRY_OWN_MALLOC

// The C library finds these in the program before its own (its manual, "Replacing malloc"), and
// keeps its own under these names.
extern "C" {
void* __libc_malloc(std::size_t size);
void* __libc_calloc(std::size_t count, std::size_t size);
void* __libc_realloc(void* block, std::size_t size);
void* __libc_memalign(std::size_t alignment, std::size_t size);
void __libc_free(void* block);

void* malloc(std::size_t size) noexcept {
  ++outcry::test::t_count.allocations;
  return __libc_malloc(size);
}

void* calloc(std::size_t count, std::size_t size) noexcept {
  ++outcry::test::t_count.allocations;
  return __libc_calloc(count, size);
}

void* realloc(void* block, std::size_t size) noexcept {
  ++outcry::test::t_count.allocations;
  return __libc_realloc(block, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  ++outcry::test::t_count.allocations;
  return __libc_memalign(alignment, size);
}

int posix_memalign(void** out, std::size_t alignment, std::size_t size) noexcept {
  ++outcry::test::t_count.allocations;
  *out = __libc_memalign(alignment, size);
  return *out == nullptr ? ENOMEM : 0;
}

void free(void* block) noexcept {
  if (block != nullptr) ++outcry::test::t_count.frees;
  __libc_free(block);
}
}

#endif
