// Delegation: how an agent makes room for its workers' control groups, of version 2.
//
// There a group that has processes hands no controller down to groups in it (the "no internal
// processes" rule of the kernel's cgroup-v2.rst); only the root of the hierarchy may. So an agent,
// before its first worker, moves itself out of the group that it was given (by systemd's
// `Delegate=yes`, as a container's own) into a leaf of it, and has memory and pids handed down to
// the groups beside that leaf. Processes of others are never moved: where there are any, nothing is
// changed.
//
//   const auto delegation = take_delegation();   // before WorkerSpawner::start()
#pragma once

#include <string>
#include <vector>

#include "base/error.h"

namespace vedette::inference {

struct GroupProcess {
  int pid = 0;                 // 0: of a process namespace that we do not see
  std::vector<int> ancestors;  // its parent first
  std::string name;

  friend bool operator==(const GroupProcess&, const GroupProcess&) = default;
};

// What was read of a group.
struct GroupFacts {
  std::string folder;
  bool is_root = false;                  // of the hierarchy
  std::string type;                      // cgroup.type; the root has none
  std::vector<std::string> offered;      // cgroup.controllers
  std::vector<std::string> handed_down;  // cgroup.subtree_control
  std::vector<GroupProcess> processes;   // cgroup.procs
};

struct DelegationSteps {
  std::vector<int> move;  // into the leaf; this process is the last
  std::vector<std::string> enable;

  friend bool operator==(const DelegationSteps&, const DelegationSteps&) = default;
};

// What to do so that `wanted` bound the groups made in this one, as far as they are offered; pure.
// Refuses SBX-GROUP-CONTROLLERS (none is offered), SBX-GROUP-THREADED and SBX-GROUP-SHARED (the
// group has processes that are neither `self` nor its descendants).
[[nodiscard]] Result<DelegationSteps> decide_delegation(const GroupFacts& facts,
                                                        const std::vector<std::string>& wanted,
                                                        int self);

struct Delegation {
  std::string group;  // in which workers' groups can be made; none: version 1 has what it takes
  std::vector<std::string> controllers;  // that bound them

  friend bool operator==(const Delegation&, const Delegation&) = default;
};

// A group as it is, and who asks for it.
struct DelegationPlace {
  std::string folder;
  std::vector<std::string> wanted;
  int self = 0;
  std::string processes = "/proc";
};

// Reads, decides and does it. Refuses what decide_delegation() refuses, SBX-GROUP-UNREADABLE, and
// SBX-GROUP-DENIED: the kernel lets nothing be moved or handed down.
[[nodiscard]] Result<Delegation> take_delegation(const DelegationPlace& place);

// Of this process. What hierarchies of version 1 bound is not asked for; with nothing left to ask
// for this is no refusal. Refuses as above, and SBX-GROUP-NONE: there is no hierarchy of version 2.
[[nodiscard]] Result<Delegation> take_delegation();

// The same, and nothing is done: what an agent that is started here would come to.
[[nodiscard]] Result<Delegation> foresee_delegation();

}  // namespace vedette::inference
