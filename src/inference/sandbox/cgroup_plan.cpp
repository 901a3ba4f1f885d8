#include "inference/sandbox/cgroup_plan.h"

#include <algorithm>

#include "base/fd.h"

namespace vedette::inference {

namespace {

constexpr std::size_t kMaxLines = 4096;
constexpr std::size_t kMaxProcText = std::size_t{1} << 20U;
// Text and data of the program and the runtime, beside what a profile grants.
constexpr std::uint64_t kProgramBytes = std::uint64_t{64} << 20U;
constexpr std::uint64_t kHelpers = 1;  // that closes the cage

std::vector<std::string_view> split(std::string_view text, char by, std::size_t most) {
  std::vector<std::string_view> parts;
  while (!text.empty() && parts.size() < most) {
    const std::size_t end = std::min(text.find(by), text.size());
    parts.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

struct Mount {
  std::string_view root;    // of the hierarchy's folders, the one that is mounted
  std::string_view target;  // where
  bool unified = false;
  std::vector<std::string_view> options;
};

// `36 35 98:0 /root /target rw,noatime master:1 - cgroup cgroup rw,memory`
std::vector<Mount> cgroup_mounts(std::string_view mountinfo) {
  std::vector<Mount> mounts;
  for (const std::string_view line : split(mountinfo, '\n', kMaxLines)) {
    const auto fields = split(line, ' ', 64);
    const auto dash = std::ranges::find(fields, "-");
    if (fields.size() < 5 || fields.end() - dash < 4) continue;
    const std::string_view type = *(dash + 1);
    if (type != "cgroup" && type != "cgroup2") continue;
    mounts.push_back({fields[3], fields[4], type == "cgroup2", split(*(dash + 3), ',', 64)});
  }
  return mounts;
}

bool is_below(std::string_view path, std::string_view root) {
  return path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
}

// A process outside of its cgroup namespace has a path like `/../elsewhere`, which leads nowhere.
bool leads_out(std::string_view path) {
  return path == "/.." || path.starts_with("/../");
}

// Our folder below the mount, if the mount shows it.
std::string folder_in(const Mount& mount, std::string_view path) {
  if (leads_out(path)) return {};
  if (mount.root != "/") {
    if (!is_below(path, mount.root)) return {};
    path.remove_prefix(mount.root.size());
  }
  std::string folder(mount.target);
  if (!path.empty() && path != "/") folder += path;
  return folder;
}

// Whoever sits in the leaf has its workers beside it.
std::string_view without_leaf(std::string_view path) {
  const std::size_t last = path.rfind('/');
  if (last == std::string_view::npos || path.substr(last + 1) != kSupervisorGroup) return path;
  return last == 0 ? "/" : path.substr(0, last);
}

bool holds(const std::vector<std::string_view>& list, std::string_view item) {
  return std::ranges::find(list, item) != list.end();
}

}  // namespace

CgroupPlan plan_cgroups(std::string_view self_cgroup, std::string_view mountinfo) {
  CgroupPlan plan;
  const auto mounts = cgroup_mounts(mountinfo);
  for (const std::string_view line : split(self_cgroup, '\n', kMaxLines)) {  // `4:memory:/path`
    const auto fields = split(line, ':', 3);
    if (fields.size() < 2) continue;
    const auto names = split(fields[1], ',', 64);
    const std::string_view path =
        fields.size() == 3 ? line.substr(fields[0].size() + fields[1].size() + 2) : "";
    CgroupPlan::Hierarchy hierarchy;
    hierarchy.unified = fields[1].empty();
    for (const std::string_view controller : kBoundingControllers)
      if (holds(names, controller)) hierarchy.controllers.emplace_back(controller);
    if (!hierarchy.unified && hierarchy.controllers.empty()) continue;
    const std::string_view base = hierarchy.unified ? without_leaf(path) : path;
    for (const Mount& mount : mounts) {
      if (mount.unified != hierarchy.unified) continue;
      if (!hierarchy.unified && !holds(mount.options, hierarchy.controllers.front())) continue;
      // Of those that show it the last: it may lie over another.
      if (auto folder = folder_in(mount, base); !folder.empty())
        hierarchy.folder = std::move(folder);
    }
    if (!hierarchy.folder.empty()) plan.hierarchies.push_back(std::move(hierarchy));
  }
  return plan;
}

CgroupPlan own_cgroup_plan() {
  const auto groups = read_file("/proc/self/cgroup", kMaxProcText);
  const auto mounts = read_file("/proc/self/mountinfo", kMaxProcText);
  if (!groups || !mounts) return {};
  return plan_cgroups(as_text(*groups), as_text(*mounts));
}

CgroupBounds cgroup_bounds(const Profile& profile, std::uint64_t shared_bytes) {
  const ResourceLimits& limits = profile.limits;
  return {.memory_bytes = limits.memory_bytes + shared_bytes + kProgramBytes,
          .tasks = limits.threads + limits.processes + kHelpers};
}

}  // namespace vedette::inference
