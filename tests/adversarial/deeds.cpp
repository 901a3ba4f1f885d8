#include "deeds.h"

#include <atomic>
#include <cstdlib>
#include <ctime>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace vedette::testing {

namespace {

// Not something that the compiler may reason about.
volatile std::uint32_t g_word = 0;

void wait_on_word() {
  ::syscall(SYS_futex, &g_word, FUTEX_WAIT, 0, nullptr, nullptr, 0);
}

void run(const std::uint8_t* code) {
  reinterpret_cast<void (*)()>(reinterpret_cast<std::uintptr_t>(code))();
}

// Deeper than any stack, but not so that a compiler could know.
// NOLINTNEXTLINE(misc-no-recursion): its depth is the point
std::uint32_t descend(std::uint32_t depth) {
  volatile std::uint8_t frame[4096] = {};
  frame[depth % sizeof frame] = 1;
  if (g_word != 0) return depth;
  return descend(depth + 1) + frame[0];
}

}  // namespace

Loot& loot() {
  static Loot one;
  return one;
}

void spin() {
  for (;;)
    g_word = g_word + 0;
}

void sleep_for_ever() {
  for (;;)
    wait_on_word();
}

void storm_by_futex() {
  for (;;)
    ::syscall(SYS_futex, &g_word, FUTEX_WAKE, 1, nullptr, nullptr, 0);
}

void storm_by_clock() {
  alignas(16) std::uint8_t time[16];
  for (;;)
    ::syscall(SYS_clock_gettime, CLOCK_MONOTONIC_COARSE, time);
}

#if defined(__x86_64__)
void read_the_cycle_counter() {
  g_word = static_cast<std::uint32_t>(__builtin_ia32_rdtsc());
}

void read_counter_and_core() {
  unsigned core = 0;
  g_word = static_cast<std::uint32_t>(__builtin_ia32_rdtscp(&core));
}
#endif

void use_up_the_heap() {
  constexpr std::size_t kPiece = std::size_t{1} << 20U;
  constexpr std::size_t kPage = 4096;
  for (;;) {
    auto* const piece = static_cast<volatile std::uint8_t*>(std::malloc(kPiece));
    if (piece == nullptr) return;
    for (std::size_t at = 0; at < kPiece; at += kPage)
      piece[at] = 1;
  }
}

void use_up_the_stack() {
  g_word = descend(0);
}

void write_to_nothing() {
  auto* volatile nothing = static_cast<volatile std::uint8_t*>(nullptr);
  *nothing = 1;
}

void run_the_heap() {
  run(static_cast<const std::uint8_t*>(std::calloc(1, 64)));
}

void write_to_the_model() {
  *const_cast<volatile std::uint8_t*>(loot().model.data()) = 1;
}

void run_the_model() {
  run(loot().model.data());
}

void run_the_channel() {
  run(loot().channel.data());
}

void end_thread() {
  ::syscall(SYS_exit, 0);
}

}  // namespace vedette::testing
