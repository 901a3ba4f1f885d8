#include "cage.h"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace vedette::bench {

using namespace inference;

Result<std::unique_ptr<WorkerSpawner>> start_spawner() {
  const bool has_landlock = ::syscall(SYS_landlock_create_ruleset, nullptr, 0U, 1U) > 0;
  return WorkerSpawner::start({VEDETTE_BIN_DIR "/vedette-worker",
                               has_landlock ? Posture::full : Posture::without_landlock});
}

Result<std::unique_ptr<WorkerProcess>> start_worker(WorkerSpawner& spawner, ByteView model,
                                                    const CageSettings& settings) {
  VEDETTE_TRY(const SealedModel sealed, seal(model));
  WorkerSettings worker = strict_settings();
  worker.format = settings.format;
  worker.cpu = settings.cpu;
  worker.channel.slots = settings.slots;
  worker.channel.spin_microseconds = settings.spin_microseconds;
  return WorkerProcess::start(spawner, worker, sealed.fd());
}

Result<Cores> two_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cores;
  if (::sched_getaffinity(0, sizeof set, &set) == 0)
    for (int core = 0; core < CPU_SETSIZE; ++core)
      if (CPU_ISSET(static_cast<std::size_t>(core), &set)) cores.push_back(core);
  if (cores.size() < 2) return refuse("BENCH-CORES", "this needs two processor cores");
  return Cores{cores[0], cores[1]};
}

void bind_to(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(core), &set);
  ::sched_setaffinity(0, sizeof set, &set);
}

}  // namespace vedette::bench
