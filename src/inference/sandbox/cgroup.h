// The control group of one worker: its memory and its tasks, bounded as a whole.
//
// Works with version 1 (the memory and pids hierarchies), version 2, and both at once; where none
// can be used (no root, no delegation) there is no group, and a profile decides whether that is
// tolerated.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/fd.h"
#include "inference/sandbox/cgroup_plan.h"

namespace vedette::inference {

// A zygote's own groups, in which those of its workers lie: made while it still has root's powers
// (the hierarchy's folders may be closed even to their owner), so that none are needed afterwards.
class CgroupBase {
 public:
  // Makes `vedette-PID` wherever that can be done, and removes what zygotes left behind that were
  // killed. Nowhere is no refusal: plan() is empty then.
  explicit CgroupBase(const CgroupPlan& plan);
  CgroupBase(CgroupBase&& other) noexcept : plan_(std::exchange(other.plan_, {})) {}
  CgroupBase& operator=(CgroupBase&&) = delete;
  CgroupBase(const CgroupBase&) = delete;
  CgroupBase& operator=(const CgroupBase&) = delete;
  // Removes the groups; by then the workers' are gone. Where their folder is closed to its owner,
  // the next zygote does.
  ~CgroupBase();

  [[nodiscard]] const CgroupPlan& plan() const { return plan_; }

 private:
  CgroupPlan plan_;
};

class Cgroup {
 public:
  // Makes a group named `name`, without bounds yet, in every hierarchy of the plan that can bound
  // something. Refuses SBX-CAGE-CGROUP when there is none, or one could not be made; what was made
  // is removed again.
  [[nodiscard]] static Result<std::unique_ptr<Cgroup>> make(const CgroupPlan& plan,
                                                            const std::string& name);
  // Refuses SBX-CAGE-CGROUP.
  [[nodiscard]] Result<void> bound(const CgroupBounds& bounds) const;
  Cgroup(const Cgroup&) = delete;
  Cgroup& operator=(const Cgroup&) = delete;
  ~Cgroup();  // removes the group; by then its last process has been reaped

  // For CLONE_INTO_CGROUP; -1 without version 2.
  [[nodiscard]] int unified_fd() const { return unified_.get(); }
  // Puts the calling thread, alone in its process, into the version 1 groups.
  [[nodiscard]] bool join() const;
  // `v1 memory, v1 pids`: what is in force.
  [[nodiscard]] const std::string& in_force() const { return in_force_; }

 private:
  Cgroup() = default;
  struct Folder {
    std::string path;
    bool unified;
    bool memory;  // which controllers bound something here
    bool pids;
  };
  [[nodiscard]] bool make_in(const CgroupPlan::Hierarchy& hierarchy, const std::string& name);

  std::vector<Folder> folders_;
  std::vector<UniqueFd> tasks_;  // of version 1, opened for writing
  UniqueFd unified_;
  std::string in_force_;
};

}  // namespace vedette::inference
