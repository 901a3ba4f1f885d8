// What /proc tells of control groups (cgroups(7), proc(5)).
#include <algorithm>
#include <array>

#include "inference/sandbox/cgroup.h"

namespace vedette::inference {

namespace {

constexpr std::array<std::string_view, 2> kControllers = {"memory", "pids"};
constexpr std::size_t kMaxLines = 4096;

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

// Our folder below the mount, if the mount shows it.
std::string folder_in(const Mount& mount, std::string_view path) {
  if (mount.root != "/") {
    if (!path.starts_with(mount.root)) return {};
    path.remove_prefix(mount.root.size());
  }
  std::string folder(mount.target);
  if (!path.empty() && path != "/") folder += path;
  return folder;
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
    for (const std::string_view controller : kControllers)
      if (holds(names, controller)) hierarchy.controllers.emplace_back(controller);
    if (!hierarchy.unified && hierarchy.controllers.empty()) continue;
    for (const Mount& mount : mounts)
      if (mount.unified == hierarchy.unified &&
          (hierarchy.unified || holds(mount.options, hierarchy.controllers.front())))
        hierarchy.folder = folder_in(mount, path);
    if (!hierarchy.folder.empty()) plan.hierarchies.push_back(std::move(hierarchy));
  }
  return plan;
}

}  // namespace vedette::inference
