// The cage: how a worker process gives up everything that a profile does not grant.
//
// enter_cage() runs inside the worker, which must have one thread. It forks: the caller's process
// becomes the *outer* one, which only waits, passes on how the inner one ended, and kills it when
// the lifeline is cut; the call returns in the *inner* process, pid 1 of its namespace. Every step
// is checked and any failure refuses, except what the profile calls where-present. The order, and
// what each layer stops when all the others have failed:
//
//   1  filter compiled        (nothing yet: compiling allocates and opens a memfd)
//   2  namespaces, id maps    other processes, their IPC, the network; root outside is nobody here
//   3  fork, parent-death     nothing outlives the agent; no signal reaches a process outside
//   4  empty root             every path: a tmpfs without inodes, read-only; the old root detached
//   5  host names emptied     the device's name, for a model that would tell it
//   6  descriptors closed     all of them: whatever was inherited by mistake
//   7  privileges             mounts, raw sockets, set-uid programs, and getting any of it back
//   8  Landlock               files, TCP ports, signals and abstract sockets, by any later path
//   9  limits                 memory and processes without end, new descriptors, files, core dumps
//   10 system call filter     the kernel's surface: all but the listed calls kill the process
//
// Landlock precedes the limits because its rule set is a descriptor; it follows the root because it
// forbids mounting.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "inference/policy/profile.h"

namespace vedette::inference {

struct CageSurroundings {
  int lifeline_fd = -1;            // read end of a pipe; -1: none
  std::uint64_t mapped_bytes = 0;  // shared memory and model, granted on top of the memory limit
};

// Codes: SBX-CAGE-FILTER, -USERNS, -NAMESPACE, -IDMAP, -FORK, -ROOT, -NAMES, -FDS,
// -PRIVILEGES, -LANDLOCK, -LIMITS. A refusal may be returned in the outer process (before the fork)
// or in the inner one: the caller reports it and exits, either way.
[[nodiscard]] Result<void> enter_cage(const Profile& profile, const CageSurroundings& around);

// The kernel's Landlock ABI version, 0 when it has none or it is switched off.
[[nodiscard]] int landlock_abi();

}  // namespace vedette::inference
