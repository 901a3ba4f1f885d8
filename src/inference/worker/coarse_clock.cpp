#include "inference/worker/coarse_clock.h"

#include <atomic>
#include <ctime>

#include <dlfcn.h>
#include <sys/time.h>

namespace vedette::inference {

namespace {

using Ask = int (*)(clockid_t, timespec*);

std::atomic<bool>& coarse() {
  static std::atomic<bool> set{false};
  return set;
}

// The C library's own. Asked for before anything of this program has been initialised.
Ask library_clock() {
  static std::atomic<Ask> known{nullptr};
  Ask ask = known.load();
  if (ask == nullptr) {
    ask = reinterpret_cast<Ask>(::dlsym(RTLD_NEXT, "clock_gettime"));
    known.store(ask);
  }
  return ask;
}

clockid_t as_allowed(clockid_t clock) {
  if (!coarse().load(std::memory_order_relaxed)) return clock;
  return clock == CLOCK_REALTIME ? CLOCK_REALTIME_COARSE : CLOCK_MONOTONIC_COARSE;
}

}  // namespace

std::chrono::microseconds coarsen_clocks() {
  static_cast<void>(library_clock());
  coarse().store(true);
  timespec step{};
  ::clock_getres(CLOCK_MONOTONIC_COARSE, &step);
  return std::chrono::ceil<std::chrono::microseconds>(std::chrono::nanoseconds(step.tv_nsec));
}

}  // namespace vedette::inference

extern "C" {

// In place of the C library's, for everything in this process.
// NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): its names are reserved ones
int clock_gettime(clockid_t clock, timespec* time) noexcept {
  using namespace vedette::inference;
  return library_clock()(as_allowed(clock), time);
}

int gettimeofday(timeval* time, void* /*zone*/) noexcept {
  timespec now{};
  if (::clock_gettime(CLOCK_REALTIME, &now) != 0) return -1;
  *time = {.tv_sec = now.tv_sec, .tv_usec = now.tv_nsec / 1000};
  return 0;
}
// NOLINTEND(readability-inconsistent-declaration-parameter-name)
}
