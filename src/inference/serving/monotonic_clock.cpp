#include "inference/serving/monotonic_clock.h"

namespace vedette::inference::serving {

SteadyTime SystemMonotonicClock::now() const {
  return std::chrono::steady_clock::now();
}

void SystemMonotonicClock::wait_until(std::condition_variable& bell,
                                      std::unique_lock<std::mutex>& lock, SteadyTime when) const {
  bell.wait_until(lock, when);
}

}  // namespace vedette::inference::serving
