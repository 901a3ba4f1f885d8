// Where control groups of version 1 and 2 can be made, and the figures that bound a worker. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "inference/policy/profile.h"

namespace vedette::inference {

// The leaf that an agent moves itself into, so that its group may hand controllers down
// (delegation.h). What systemd calls a DelegateSubgroup may have this name, too.
inline constexpr std::string_view kSupervisorGroup = "vedette-supervisor";

// What a worker is bounded by. Processor time is not: no profile has a figure for it.
inline constexpr std::array<std::string_view, 2> kBoundingControllers = {"memory", "pids"};

// Where groups can be made, as /proc tells.
struct CgroupPlan {
  struct Hierarchy {
    // Of the group that workers' groups are made in: our own, or that above our leaf.
    std::string folder;
    std::vector<std::string> controllers;  // of memory and pids, those that it holds; v2: none yet
    bool unified = false;                  // version 2

    friend bool operator==(const Hierarchy&, const Hierarchy&) = default;
  };
  std::vector<Hierarchy> hierarchies;
};

// From the texts of /proc/self/cgroup and /proc/self/mountinfo. Mounts and lines that make no sense
// are passed over, and so are groups that no mount shows.
[[nodiscard]] CgroupPlan plan_cgroups(std::string_view self_cgroup, std::string_view mountinfo);

// The same of this process, as far as /proc can be read.
[[nodiscard]] CgroupPlan own_cgroup_plan();

struct CgroupBounds {
  std::uint64_t memory_bytes = 0;  // of everything
  std::uint64_t tasks = 0;         // processes and threads
};

// What a profile grants, `shared_bytes` of the agent's memory that the worker maps, its program,
// and the helper that closes the cage.
[[nodiscard]] CgroupBounds cgroup_bounds(const Profile& profile, std::uint64_t shared_bytes);

}  // namespace vedette::inference
