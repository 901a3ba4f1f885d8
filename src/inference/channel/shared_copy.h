// The only way out of memory that its other side can write: one copy, checked afterwards.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace vedette::inference::channel {

// Reads every byte exactly once. The fence keeps the compiler from reading the shared bytes a
// second time instead of the copy.
//
// That a hostile writer races is tolerated here, and here alone: the copy may be any mixture. C++23
// has no name for it (P1478 proposes atomic_load_per_byte_memcpy), so ThreadSanitizer is shown what
// is meant, a relaxed load of each byte. Every other read of shared memory stays a plain one, which
// it reports.
inline void copy_shared(void* to, const std::uint8_t* shared, std::size_t size) {
#if defined(__SANITIZE_THREAD__)
  for (std::size_t at = 0; at < size; ++at)
    static_cast<std::uint8_t*>(to)[at] = __atomic_load_n(shared + at, __ATOMIC_RELAXED);
#else
  if (size != 0) std::memcpy(to, shared, size);
#endif
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

template <class T>
  requires std::is_trivially_copyable_v<T>
[[nodiscard]] T copy_shared(const std::uint8_t* shared) {
  T copy{};
  copy_shared(&copy, shared, sizeof copy);
  return copy;
}

}  // namespace vedette::inference::channel
