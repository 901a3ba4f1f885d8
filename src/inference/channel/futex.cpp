#include "inference/channel/futex.h"

#include <atomic>
#include <climits>
#include <ctime>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace vedette::inference::channel {

namespace {

using std::chrono::steady_clock;

// How many looks between two questions for the time.
constexpr int kLooks = 64;

std::atomic_ref<std::uint32_t> shared(std::uint32_t& word) {
  return std::atomic_ref<std::uint32_t>(word);
}

void relax() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

bool changed_while_spinning(std::uint32_t& word, std::uint32_t seen,
                            std::chrono::microseconds spin) {
  if (spin.count() <= 0) return false;
  const auto until = steady_clock::now() + spin;
  do {
    for (int i = 0; i < kLooks; ++i) {
      if (load(word) != seen) return true;
      relax();
    }
  } while (steady_clock::now() < until);
  return false;
}

// Shared futexes (not FUTEX_PRIVATE_FLAG): the other side is another process.
void sleep_on(std::uint32_t& word, std::uint32_t seen, const std::chrono::nanoseconds* patience) {
  timespec timeout{};
  if (patience != nullptr) {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*patience);
    timeout.tv_sec = static_cast<time_t>(seconds.count());
    timeout.tv_nsec = static_cast<long>((*patience - seconds).count());
  }
  ::syscall(SYS_futex, &word, FUTEX_WAIT, seen, patience == nullptr ? nullptr : &timeout, nullptr,
            0);
}

}  // namespace

std::uint32_t load(std::uint32_t& word) {
  return shared(word).load(std::memory_order_acquire);
}

void store(std::uint32_t& word, std::uint32_t value) {
  shared(word).store(value, std::memory_order_release);
}

// Sleeper and ringer each write one word and then read the other's. Sequential consistency makes
// sure that one of them sees the other: no wake-up is lost between the look and the sleep.
std::uint32_t await_change(std::uint32_t& word, std::uint32_t seen, std::uint32_t& sleepers,
                           std::chrono::microseconds spin,
                           const std::chrono::nanoseconds* patience) {
  if (load(word) != seen || changed_while_spinning(word, seen, spin)) return load(word);
  shared(sleepers).fetch_add(1, std::memory_order_seq_cst);
  if (shared(word).load(std::memory_order_seq_cst) == seen) sleep_on(word, seen, patience);
  shared(sleepers).fetch_sub(1, std::memory_order_seq_cst);
  return load(word);
}

void publish(std::uint32_t& word, std::uint32_t value, std::uint32_t& sleepers) {
  shared(word).store(value, std::memory_order_seq_cst);
  if (shared(sleepers).load(std::memory_order_seq_cst) != 0) wake_all(word);
}

void wake_all(std::uint32_t& word) {
  ::syscall(SYS_futex, &word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

}  // namespace vedette::inference::channel
