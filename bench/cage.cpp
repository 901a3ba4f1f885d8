#include "cage.h"

#include <sched.h>

#include "base/fd.h"
#include "testing/machine_posture.h"

namespace vedette::bench {

using namespace inference;

Result<std::unique_ptr<WorkerSpawner>> start_spawner() {
  return WorkerSpawner::start({VEDETTE_BIN_DIR "/vedette-worker", testing::machine_posture()});
}

Result<std::unique_ptr<WorkerProcess>> start_worker(WorkerSpawner& spawner, ByteView model,
                                                    const CageSettings& settings) {
  VEDETTE_TRY(const SealedModel sealed, seal(model));
  WorkerSettings worker = strict_settings();
  if (settings.fine_clock) worker.profile.coarse_clock = Need::off;
  worker.format = settings.format;
  worker.cpu = settings.cpu;
  worker.channel.slots = settings.slots;
  worker.channel.spin_microseconds = settings.spin_microseconds;
  return WorkerProcess::start(spawner, worker, sealed.fd());
}

namespace {

std::string core_id_of(int cpu) {
  const std::string folder = "/sys/devices/system/cpu/cpu" + std::to_string(cpu) + "/topology/";
  const auto package = read_file(folder + "physical_package_id", 64);
  const auto core = read_file(folder + "core_id", 64);
  return package && core ? std::string(as_text(*package)) + "/" + std::string(as_text(*core)) : "";
}

bool is_sibling(int one, int other) {
  const std::string core = core_id_of(one);
  return !core.empty() && core == core_id_of(other);
}

}  // namespace

Result<Cores> two_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> cores;
  if (::sched_getaffinity(0, sizeof set, &set) == 0)
    for (int core = 0; core < CPU_SETSIZE; ++core)
      if (CPU_ISSET(static_cast<std::size_t>(core), &set)) cores.push_back(core);
  // Two threads of one core would wait for one another: a worker shares its core with nobody.
  if (!cores.empty())
    std::erase_if(
        cores, [first = cores[0]](int core) { return core != first && is_sibling(core, first); });
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
