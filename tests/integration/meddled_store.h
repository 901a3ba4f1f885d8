// A store that does what stores may do, at the moment that a test chooses.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <utility>

#include "platform/store/store.h"

namespace vedette {

class MeddledStore final : public platform::Store {
 public:
  explicit MeddledStore(platform::Store& inner) : inner_(inner) {}

  // Before the next write begins, once: behind the gate, and before the decision.
  void before_next_write(std::function<void()> act) {
    const std::scoped_lock lock(mutex_);
    before_ = std::move(act);
  }
  // From now on each work is run, undone, and run again.
  void run_twice() { runs_twice_ = true; }
  // Between the two runs of the next work, once.
  void between_runs(std::function<void()> act) {
    const std::scoped_lock lock(mutex_);
    between_ = std::move(act);
  }

  Result<void> write(const platform::Work& work) override {
    act(before_);
    if (runs_twice_) {
      (void)inner_.write([&](platform::UnitOfWork& unit) -> Result<void> {
        (void)work(unit);
        return refuse("STORE-BUSY", "to be run again");
      });
      act(between_);
    }
    return inner_.write(work);
  }
  Result<void> read(const platform::Work& work) override { return inner_.read(work); }

 private:
  void act(std::function<void()>& once) {
    std::function<void()> chosen;
    {
      const std::scoped_lock lock(mutex_);
      chosen = std::exchange(once, {});
    }
    if (chosen) chosen();
  }

  platform::Store& inner_;
  std::atomic<bool> runs_twice_ = false;
  std::mutex mutex_;
  std::function<void()> before_;
  std::function<void()> between_;
};

}  // namespace vedette
