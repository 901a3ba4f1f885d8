// The zygote: waits for orders, gives birth to workers, and tells how they ended. It never reads a
// byte of a model: nothing that a model does can poison it.
#pragma once

#include <memory>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "inference/engine/engine.h"
#include "inference/sandbox/birth.h"
#include "inference/sandbox/cage.h"
#include "inference/sandbox/cgroup.h"
#include "inference/worker/worker.h"

namespace vedette::inference {

class Zygote {
 public:
  // `control` (borrowed): SOCK_SEQPACKET; its other end sends orders (policy/spawn_order.h).
  // `conduct` outlives the zygote. Refuses INF-RUNTIME, SBX-CAGE-FILTER and
  // SBX-CAGE-FORK.
  [[nodiscard]] static Result<Zygote> make(int control, const Conduct& conduct);

  // Serves until the other end of the control socket closes; then every worker is killed.
  void run();

 private:
  // A worker that lives.
  struct Ward {
    pid_t pid = 0;
    UniqueFd process;  // pidfd
    UniqueFd line;     // the worker's end
    std::unique_ptr<Cgroup> cgroup;
    bool ending = false;
  };

  Zygote(int control, const Conduct& conduct, Engine engine, PreparedCages cages, Birthplace place);

  [[nodiscard]] bool take_order();
  [[nodiscard]] Result<void> give_birth(const SpawnOrder& order, std::vector<UniqueFd>& fds);
  void make_next_cgroup();
  // None where the profile can do without.
  [[nodiscard]] Result<std::unique_ptr<Cgroup>> take_cgroup(const SpawnOrder& order,
                                                            std::uint64_t shared_bytes);
  void tend();
  static void end(Ward& ward);
  static void report_end(const Ward& ward);  // waits for it

  int control_;
  const Conduct& conduct_;
  Engine engine_;
  PreparedCages cages_;
  Birthplace place_;
  CgroupBase cgroups_;
  Result<std::unique_ptr<Cgroup>> next_cgroup_;
  std::uint64_t births_ = 0;
  std::vector<Ward> wards_;
};

// Gives up what a zygote never needs of root's powers; nothing, for anybody else. A broker keeps
// what making namespaces without a user namespace takes.
[[nodiscard]] Result<void> confine_zygote(bool broker);

}  // namespace vedette::inference
