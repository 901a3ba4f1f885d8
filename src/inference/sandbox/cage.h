// The cage: how a worker process gives up everything that a profile does not grant.
//
// enter_cage() runs inside a process that Birth::give() made, with one thread. Every step is
// checked and any failure refuses, except what the profile calls where-present. The order, and what
// each layer stops when all the others have failed:
//
//   -  1 and 2 (birth.h): namespaces and id maps, then the control group: other processes, their
//      IPC, the network; root is nobody; memory and tasks without end, for the worker as a whole
//   -  3 the filter at hand: nothing yet; compiling one allocates and opens a memfd
//   -  4 core scheduling, branch prediction: strangers beside it on one core, and before and after
//   -  5 empty root: every path: a tmpfs without inodes, read-only; the old root detached
//   -  6 host names emptied: the device's name, for a model that would tell it
//   -  7 privileges: mounts, raw sockets, set-uid programs, and getting any of it back
//   -  8 parent-death signal: nothing outlives the zygote
//   -  9 Landlock: files, TCP ports, signals and abstract sockets, by any later path
//   - 10 threads made (the caller's, by power): none can be made later
//   - 11 cycle counter forbidden: a clock fine enough to tell what is in a cache
//   - 12 heap reserved: growth: inside, no call can get memory from the kernel
//   - 13 limits: memory and processes without end, files, core dumps
//   - 14 system call filter: the kernel's surface: all but the listed calls freeze the caller until
//        the supervisor has read number and arguments, and killed it
//   - 15 descriptors closed: all of them, and no new one can be had
//
// The filter's listener is a descriptor, and after the filter nothing can be sent or closed. So a
// helper process that shares the descriptor table, and is not under the filter, hands the listener
// over, closes everything, and is gone before enter_cage() returns.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "base/error.h"
#include "inference/policy/profile.h"

namespace vedette::inference {

// What is found out once for all workers to come, and inherited by them: the filter of the built-in
// profiles as it is compiled, and what libseccomp has asked the kernel.
class PreparedCages {
 public:
  // Refuses SBX-CAGE-FILTER.
  [[nodiscard]] static Result<PreparedCages> make();
  PreparedCages(PreparedCages&&) noexcept;
  PreparedCages& operator=(PreparedCages&&) noexcept;
  ~PreparedCages();

  struct Filters;
  [[nodiscard]] const Filters& filters() const { return *filters_; }

 private:
  explicit PreparedCages(std::unique_ptr<const Filters> filters);

  std::unique_ptr<const Filters> filters_;
};

struct CageSurroundings {
  int line_fd = -1;                // SOCK_SEQPACKET; gets the `caged` report with the listener
  int alive_fd = -1;               // see birth.h
  std::uint64_t mapped_bytes = 0;  // shared memory and model, granted on top of the memory limit
  const PreparedCages* prepared = nullptr;  // may be none: everything is made anew then
};

// Codes: SBX-CAGE-FILTER, -CORE, -ROOT, -NAMES, -PRIVILEGES, -FORK, -LANDLOCK, -CLOCK, -MEMORY,
// -LIMITS, -HANDOVER. After a refusal the process is half confined: the caller reports it, if it
// still can, and exits. `make_threads` is called when every power is given up, and refuses with its
// own codes.
[[nodiscard]] Result<void> enter_cage(const Profile& profile, const CageSurroundings& around,
                                      const std::function<Result<void>()>& make_threads = {});

// The kernel's Landlock ABI version, 0 when it has none or it is switched off.
[[nodiscard]] int landlock_abi();

}  // namespace vedette::inference
