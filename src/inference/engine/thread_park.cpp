#include "inference/engine/thread_park.h"

#include <climits>
#include <cstring>

#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace vedette::inference {

namespace {

constexpr std::uint32_t kStarting = 0;
constexpr std::uint32_t kWaiting = 1;
constexpr std::uint32_t kWorking = 2;
constexpr std::uint32_t kDone = 3;
constexpr std::size_t kStackBytes = std::size_t{2} << 20U;

// std::atomic's own waiting would call sched_yield.
void wait_while(const std::atomic<std::uint32_t>& word, std::uint32_t value) {
  while (word.load() == value)
    ::syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, value, nullptr, nullptr, 0);
}

void set_and_wake(std::atomic<std::uint32_t>& word, std::uint32_t value) {
  word.store(value);
  ::syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
}

}  // namespace

void* ThreadPark::run(void* argument) {
  auto& place = *static_cast<Place*>(argument);
  // A thread's first steps take more calls than a cage allows: they must be over before it closes.
  set_and_wake(place.state, kWaiting);
  wait_while(place.state, kWaiting);
  place.work(place.argument);
  set_and_wake(place.state, kDone);
  // Ending the thread would take calls that the cage forbids.
  for (;;)
    wait_while(place.state, kDone);
}

Result<std::unique_ptr<ThreadPark>> ThreadPark::open(std::size_t count) {
  std::unique_ptr<ThreadPark> park(new ThreadPark());
  pthread_attr_t attributes;
  ::pthread_attr_init(&attributes);
  ::pthread_attr_setstacksize(&attributes, kStackBytes);
  ::pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  int error = 0;
  for (std::size_t i = 0; i < count && error == 0; ++i) {
    park->places_.push_back(std::make_unique<Place>());
    pthread_t thread{};
    error = ::pthread_create(&thread, &attributes, &ThreadPark::run, park->places_.back().get());
  }
  ::pthread_attr_destroy(&attributes);
  for (std::size_t i = 0; i + (error == 0 ? 0 : 1) < park->places_.size(); ++i)
    wait_while(park->places_[i]->state, kStarting);
  if (error == 0) return park;
  return refuse("SBX-THREADS", "the worker's threads could not be made", std::strerror(error));
}

ThreadPark::~ThreadPark() {
  for (auto& place : places_) [[maybe_unused]]
    const auto* const kept = place.release();
}

void* ThreadPark::start(Work work, void* argument) {
  for (const auto& place : places_) {
    if (place->state.load() != kWaiting || place->work != nullptr) continue;
    place->work = work;
    place->argument = argument;
    set_and_wake(place->state, kWorking);
    return place.get();
  }
  return nullptr;
}

void ThreadPark::join(void* thread) {
  wait_while(static_cast<Place*>(thread)->state, kWorking);
}

}  // namespace vedette::inference
