// Group 9: side channels: clocks fine enough to tell what is in a cache, whom a core is shared
// with, and what of a file or a mapping is in memory.
#include <ctime>

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "act.h"
#include "deeds.h"

namespace vedette::testing {

namespace {

constexpr int kInherited = 3;
constexpr int kSchedCore = 62;  // PR_SCHED_CORE
constexpr int kShareTo = 2;     // PR_SCHED_CORE_SHARE_TO
constexpr int kShareFrom = 3;   // PR_SCHED_CORE_SHARE_FROM
constexpr long kCacheStat = 451;

Acts clocks() {
  const std::uint64_t room = scratch(16);
  return {
      filtered("fine-clock", call(SYS_clock_gettime, CLOCK_MONOTONIC, room)),
      filtered("fine-clock-of-the-day", call(SYS_clock_gettime, CLOCK_REALTIME, room)),
      filtered("raw-clock", call(SYS_clock_gettime, CLOCK_MONOTONIC_RAW, room)),
      filtered("its-own-processor-time", call(SYS_clock_gettime, CLOCK_THREAD_CPUTIME_ID, room)),
      filtered("allow-the-cycle-counter", call(SYS_prctl, PR_SET_TSC, PR_TSC_ENABLE, 0, 0, 0)),
  };
}

// That no clock fine enough is left is the coarse clock's doing alone: the filter is not asked.
Acts counters() {
  Acts acts;
#if defined(__x86_64__)
  const auto counting = [&acts](std::string name, void (*deed)()) {
    acts.push_back({.name = std::move(name),
                    .calls = {},
                    .second_line = false,
                    .deed = deed,
                    .end = End::fault,
                    .unfiltered = true});
  };
  counting("cycle-counter", read_the_cycle_counter);
  counting("cycle-counter-and-core", read_counter_and_core);
#endif
  return acts;
}

Acts sharing() {
  const std::uint64_t page = (scratch(8192) + 4095) / 4096 * 4096;
  return {
      act("share-a-core-with-another", call(SYS_prctl, kSchedCore, kShareTo, 2, 0, 0)),
      act("take-the-core-of-another", call(SYS_prctl, kSchedCore, kShareFrom, 2, 0, 0)),
      filtered("page-out", call(SYS_madvise, page, 4096, MADV_PAGEOUT)),
      act("what-is-cached-of-a-file", call(kCacheStat, kInherited, scratch(16), scratch(40), 0)),
  };
}

}  // namespace

Acts side_channel_acts() {
  Acts acts;
  for (const auto& part : {clocks(), counters(), sharing()})
    acts.insert(acts.end(), part.begin(), part.end());
  return acts;
}

}  // namespace vedette::testing
