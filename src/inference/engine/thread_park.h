// Threads that are made before the cage is closed and given work inside it: where no thread can be
// made, the runtime gets one of these. Waiting takes futex alone. A thread cannot end inside the
// cage, so each lives until the process does, and what it waits on lives as long.
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

#include "base/error.h"

namespace vedette::inference {

class ThreadPark {
 public:
  // Starts `count` threads and returns when all of them wait. They end with the process. Refuses
  // SBX-THREADS.
  [[nodiscard]] static Result<std::unique_ptr<ThreadPark>> open(std::size_t count);
  ThreadPark(const ThreadPark&) = delete;
  ThreadPark& operator=(const ThreadPark&) = delete;
  // Leaves the places to their threads, which wait at them until the process ends.
  ~ThreadPark();

  using Work = void (*)(void*);
  // Gives `work` to a thread that has none yet; none when every thread has. Takes no system call
  // but futex. The result names the thread to join().
  [[nodiscard]] void* start(Work work, void* argument);
  // Waits until that thread's work has returned.
  static void join(void* thread);

  [[nodiscard]] std::size_t size() const { return places_.size(); }

 private:
  struct Place {
    std::atomic<std::uint32_t> state{0};  // starting, waiting, working, done
    Work work = nullptr;
    void* argument = nullptr;
  };
  ThreadPark() = default;
  static void* run(void* argument);

  std::vector<std::unique_ptr<Place>> places_;
};

}  // namespace vedette::inference
