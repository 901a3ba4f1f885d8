// Hostile deeds that are more, or less, than a system call. None of them returns.
#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.h"

namespace vedette::testing {

// What the worker was given; the deeds that need it find it here.
struct Loot {
  std::span<std::uint8_t> channel;
  ByteView model;
};
[[nodiscard]] Loot& loot();

void spin();
void sleep_for_ever();
void storm_by_futex();
void storm_by_clock();
#if defined(__x86_64__)
void read_the_cycle_counter();
void read_counter_and_core();
#endif
void use_up_the_heap();
void use_up_the_stack();
void write_to_nothing();
void run_the_heap();
void write_to_the_model();
void run_the_model();
void run_the_channel();

// Where a thread goes whose only wish is to end.
void end_thread();

}  // namespace vedette::testing
