// The thread that watches over all workers of one zygote: their reports, and their violations.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "base/error.h"
#include "base/fd.h"
#include "inference/host/worker_life.h"

namespace vedette::inference {

class Watch {
 public:
  // Refuses SBX-SPAWN.
  [[nodiscard]] static Result<std::unique_ptr<Watch>> start();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch();  // ends the thread; lives that are still watched are abandoned

  // Watches until the worker has ended. Refuses SBX-SPAWN.
  [[nodiscard]] Result<void> add(std::shared_ptr<WorkerLife> life);

 private:
  explicit Watch(UniqueFd poll, UniqueFd stop);

  void run();
  void look(std::uint64_t key, std::uint32_t events);
  void look_at_line(std::uint64_t number, const std::shared_ptr<WorkerLife>& life,
                    std::uint32_t events);
  void forget(std::uint64_t number, WorkerLife& life);
  [[nodiscard]] std::shared_ptr<WorkerLife> find(std::uint64_t number);
  [[nodiscard]] bool watch_descriptor(int fd, std::uint64_t key) const;

  UniqueFd poll_;  // epoll
  UniqueFd stop_;  // eventfd
  std::mutex mutex_;
  std::map<std::uint64_t, std::shared_ptr<WorkerLife>> lives_;
  std::map<std::uint64_t, bool> listening_;  // the watching thread's alone
  std::uint64_t last_number_ = 0;
  std::thread thread_;
};

}  // namespace vedette::inference
