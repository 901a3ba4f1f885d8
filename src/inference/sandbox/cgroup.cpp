#include "inference/sandbox/cgroup.h"

#include <cerrno>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <optional>

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

constexpr std::string_view kNamePrefix = "vedette-";

// The zygote that a group's name tells of; none when the name is not one of ours.
std::optional<int> zygote_of(std::string_view name) {
  if (!name.starts_with(kNamePrefix)) return std::nullopt;
  name.remove_prefix(kNamePrefix.size());
  int pid = 0;
  const auto [end, fault] = std::from_chars(name.data(), name.data() + name.size(), pid);
  if (fault != std::errc{} || pid <= 0 || end != name.data() + name.size()) return std::nullopt;
  return pid;
}

// The empty groups of zygotes that were killed, and of their workers. Those of a process that lives
// are left alone.
void sweep(const std::string& folder) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(folder, ignored)) {
    const auto zygote = zygote_of(entry.path().filename().string());
    if (!zygote || ::kill(*zygote, 0) == 0 || errno != ESRCH) continue;
    for (const auto& worker : std::filesystem::directory_iterator(entry.path(), ignored))
      if (worker.is_directory(ignored)) ::rmdir(worker.path().c_str());
    ::rmdir(entry.path().c_str());
  }
}

// Whether a zygote may have workers born into groups below: the kernel asks who may move processes
// within what is above both of them. Root keeps no power over what belongs to others.
bool may_move_within(const std::string& folder) {
  const std::string path = folder + "/cgroup.procs";
  if (::geteuid() != 0) return ::access(path.c_str(), W_OK) == 0;
  struct stat about{};
  return ::stat(path.c_str(), &about) == 0 && about.st_uid == 0;
}

// Version 2 hands a controller down only where the parent's subtree_control says so.
bool is_bounded_by(const std::string& folder, const char* file) {
  return exists(folder + "/" + file);
}

}  // namespace

CgroupBase::CgroupBase(const CgroupPlan& plan) {
  const std::string name = std::string(kNamePrefix) + std::to_string(::getpid());
  for (auto hierarchy : plan.hierarchies) {
    sweep(hierarchy.folder);
    hierarchy.folder += "/" + name;
    if (::mkdir(hierarchy.folder.c_str(), 0700) != 0) continue;
    // Version 2: what can't be handed down is missing in the workers' groups, and noticed there.
    if (hierarchy.unified)
      for (const char* controller : {"+memory", "+pids"})
        static_cast<void>(write_value(hierarchy.folder + "/cgroup.subtree_control", controller));
    plan_.hierarchies.push_back(std::move(hierarchy));
  }
}

CgroupBase::~CgroupBase() {
  for (const auto& hierarchy : plan_.hierarchies)
    ::rmdir(hierarchy.folder.c_str());
}

bool Cgroup::make_in(const CgroupPlan::Hierarchy& hierarchy, const std::string& name) {
  const std::string path = hierarchy.folder + "/" + name;
  if (::mkdir(path.c_str(), 0700) != 0) return false;
  const bool unified = hierarchy.unified;
  const bool usable = !unified || may_move_within(hierarchy.folder + "/..");
  const bool memory =
      usable && is_bounded_by(path, unified ? "memory.max" : "memory.limit_in_bytes");
  const bool pids = usable && is_bounded_by(path, "pids.max");
  folders_.push_back({path, unified, memory, pids});
  if (unified && !memory && !pids) return true;  // it bounds nothing: the worker stays out of it
  const std::string version = unified ? "v2 " : "v1 ";
  const auto note = [&](const char* what) {
    in_force_ += (in_force_.empty() ? "" : ", ") + version + what;
  };
  if (memory) note("memory");
  if (pids) note("pids");
  if (unified) {
    unified_.reset(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return unified_.valid();
  }
  tasks_.emplace_back(::open((path + "/tasks").c_str(), O_WRONLY | O_CLOEXEC));
  return tasks_.back().valid();
}

Result<std::unique_ptr<Cgroup>> Cgroup::make(const CgroupPlan& plan, const std::string& name) {
  std::unique_ptr<Cgroup> group(new Cgroup());
  for (const auto& hierarchy : plan.hierarchies)
    if (!group->make_in(hierarchy, name))
      return refuse("SBX-CAGE-CGROUP", "the worker's control group could not be made",
                    errno_text(hierarchy.folder));
  if (group->in_force_.empty())
    return refuse("SBX-CAGE-CGROUP", "no control group bounds memory or tasks here",
                  std::to_string(plan.hierarchies.size()) + " hierarchies",
                  "run as root, or under systemd with Delegate=yes");
  return group;
}

Result<void> Cgroup::bound(const CgroupBounds& bounds) const {
  for (const Folder& folder : folders_) {
    const bool bounded =
        (!folder.memory ||
         set_bounds(folder.path, memory_bounds(folder.unified, bounds.memory_bytes))) &&
        (!folder.pids || write_value(folder.path + "/pids.max", std::to_string(bounds.tasks)));
    if (!bounded)
      return refuse("SBX-CAGE-CGROUP", "the worker's control group could not be bounded",
                    errno_text(folder.path));
  }
  return {};
}

// A thread that moves itself alone needs no lock over all processes (it may take milliseconds).
bool Cgroup::join() const {
  for (const UniqueFd& tasks : tasks_)
    if (::write(tasks.get(), "0", 1) != 1) return false;
  return true;
}

Cgroup::~Cgroup() {
  for (const Folder& folder : folders_)
    ::rmdir(folder.path.c_str());
}

}  // namespace vedette::inference
