#include "inference/sandbox/cgroup.h"

#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace vedette::inference {

namespace {

bool write_value(const std::string& path, const std::string& value) {
  const UniqueFd file{::open(path.c_str(), O_WRONLY | O_CLOEXEC)};
  return file.valid() &&
         ::write(file.get(), value.data(), value.size()) == static_cast<ssize_t>(value.size());
}

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

struct Bound {
  const char* file;
  std::string value;
  bool optional;  // absent on kernels built without swap accounting, or older ones
};

bool set_bounds(const std::string& folder, const std::vector<Bound>& bounds) {
  for (const Bound& bound : bounds) {
    const std::string path = folder + "/" + bound.file;
    if (bound.optional && !exists(path)) continue;
    if (!write_value(path, bound.value)) return false;
  }
  return true;
}

std::vector<Bound> memory_bounds(bool unified, std::uint64_t bytes) {
  const std::string limit = std::to_string(bytes);
  if (unified)
    return {{"memory.max", limit, false},
            {"memory.swap.max", "0", true},
            {"memory.oom.group", "1", true}};
  return {{"memory.limit_in_bytes", limit, false}, {"memory.memsw.limit_in_bytes", limit, true}};
}

// Version 2 hands a controller down only where the parent's subtree_control says so.
bool is_bounded_by(const std::string& folder, const char* file) {
  return exists(folder + "/" + file);
}

}  // namespace

bool Cgroup::make_in(const CgroupPlan::Hierarchy& hierarchy, const std::string& name,
                     std::uint64_t memory_bytes, std::uint64_t tasks) {
  const std::string folder = hierarchy.folder + "/" + name;
  if (::mkdir(folder.c_str(), 0700) != 0) return false;
  folders_.push_back(folder);
  const bool unified = hierarchy.unified;
  const bool memory = is_bounded_by(folder, unified ? "memory.max" : "memory.limit_in_bytes");
  const bool pids = is_bounded_by(folder, "pids.max");
  if (unified && !memory && !pids) return true;  // it bounds nothing: the worker stays out of it
  if (memory && !set_bounds(folder, memory_bounds(unified, memory_bytes))) return false;
  if (pids && !write_value(folder + "/pids.max", std::to_string(tasks))) return false;
  const std::string version = unified ? "v2 " : "v1 ";
  const auto note = [&](const char* what) {
    in_force_ += (in_force_.empty() ? "" : ", ") + version + what;
  };
  if (memory) note("memory");
  if (pids) note("pids");
  if (unified) {
    unified_.reset(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return unified_.valid();
  }
  tasks_.emplace_back(::open((folder + "/tasks").c_str(), O_WRONLY | O_CLOEXEC));
  return tasks_.back().valid();
}

Result<std::unique_ptr<Cgroup>> Cgroup::make(const CgroupPlan& plan, const std::string& name,
                                             std::uint64_t memory_bytes, std::uint64_t tasks) {
  std::unique_ptr<Cgroup> group(new Cgroup());
  for (const auto& hierarchy : plan.hierarchies)
    if (!group->make_in(hierarchy, name, memory_bytes, tasks))
      return refuse("SBX-CAGE-CGROUP", "the worker's control group could not be made",
                    errno_text(hierarchy.folder));
  if (group->in_force_.empty())
    return refuse("SBX-CAGE-CGROUP", "no control group bounds memory or tasks here",
                  std::to_string(plan.hierarchies.size()) + " hierarchies",
                  "run as root, or under systemd with Delegate=yes");
  return group;
}

// A thread that moves itself alone needs no lock over all processes (it may take milliseconds).
bool Cgroup::join() const {
  for (const UniqueFd& tasks : tasks_)
    if (::write(tasks.get(), "0", 1) != 1) return false;
  return true;
}

Cgroup::~Cgroup() {
  for (const std::string& folder : folders_)
    ::rmdir(folder.c_str());
}

}  // namespace vedette::inference
