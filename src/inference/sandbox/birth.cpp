#include "inference/sandbox/birth.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <string>

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inference/sandbox/steps.h"

namespace vedette::inference {

namespace {

using sandbox::kInsideId;
using sandbox::kNobodyId;

// struct clone_args of Linux 5.7; installed headers may be older than the kernel.
struct CloneArguments {
  std::uint64_t flags;
  std::uint64_t pidfd;
  std::uint64_t child_tid;
  std::uint64_t parent_tid;
  std::uint64_t exit_signal;
  std::uint64_t stack;
  std::uint64_t stack_size;
  std::uint64_t tls;
  std::uint64_t set_tid;
  std::uint64_t set_tid_size;
  std::uint64_t cgroup;
};

constexpr std::uint64_t kIntoCgroup = 0x200000000ULL;  // CLONE_INTO_CGROUP
constexpr std::uint64_t kNewTime = 0x80;               // CLONE_NEWTIME

std::uint64_t flag_of(Namespace kind) {
  switch (kind) {
    case Namespace::user:
      return CLONE_NEWUSER;
    case Namespace::mount:
      return CLONE_NEWNS;
    case Namespace::ipc:
      return CLONE_NEWIPC;
    case Namespace::uts:
      return CLONE_NEWUTS;
    case Namespace::net:
      return CLONE_NEWNET;
    case Namespace::pid:
      return CLONE_NEWPID;
    case Namespace::cgroup:
      return CLONE_NEWCGROUP;
    case Namespace::time:
      return kNewTime;
  }
  return 0;
}

std::uint64_t flags_of(const Profile& profile, bool optional_too) {
  std::uint64_t flags = CLONE_PIDFD;
  for (const NamespaceRule& rule : profile.namespaces)
    if (rule.need == Need::required || (rule.need == Need::where_present && optional_too))
      flags |= flag_of(rule.kind);
  return flags;
}

std::unexpected<Error> refuse_birth(int reason) {
  const std::string cause = std::string("clone3: ") + std::strerror(reason);
  if (reason == EPERM || reason == ENOSPC || reason == EUSERS)
    return refuse("SBX-CAGE-USERNS", "the kernel gives no namespaces", cause,
                  "see user.max_user_namespaces, kernel.unprivileged_userns_clone and, on Ubuntu, "
                  "kernel.apparmor_restrict_unprivileged_userns; root may declare the posture "
                  "'without-user-namespace'");
  if (reason == EINVAL)
    return refuse("SBX-CAGE-NAMESPACE", "the kernel does not know a namespace that is required",
                  cause);
  return refuse("SBX-CAGE-FORK", "no process could be made for the worker", cause);
}

// Like fork: both processes go on here. Kinds that are only wanted where present are left out when
// the kernel does not know them (EINVAL).
Result<pid_t> clone_confined(const Profile& profile, const Cgroup* cgroup, int& process) {
  int reason = EINVAL;
  for (const bool optional_too : {true, false}) {
    CloneArguments arguments{};
    arguments.flags = flags_of(profile, optional_too);
    arguments.pidfd = reinterpret_cast<std::uint64_t>(&process);
    arguments.exit_signal = SIGCHLD;
    if (cgroup != nullptr && cgroup->unified_fd() >= 0) {
      arguments.flags |= kIntoCgroup;
      arguments.cgroup = static_cast<std::uint64_t>(cgroup->unified_fd());
    }
    const long pid = ::syscall(SYS_clone3, &arguments, sizeof arguments);
    if (pid >= 0) return static_cast<pid_t>(pid);
    reason = errno;
    if (reason != EINVAL) break;
  }
  return refuse_birth(reason);
}

bool write_text(const std::string& path, const std::string& text) {
  const UniqueFd file{::open(path.c_str(), O_WRONLY | O_CLOEXEC)};
  return file.valid() &&
         ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// One id each way: an ordinary user inside; outside `nobody` when the zygote is root, else its own.
Result<void> write_id_maps(const std::string& folder) {
  const bool root = ::geteuid() == 0;
  const auto map = [](unsigned outside) {
    return std::to_string(kInsideId) + " " + std::to_string(outside) + " 1\n";
  };
  if (write_text(folder + "/setgroups", "deny") &&
      write_text(folder + "/uid_map", map(root ? kNobodyId : ::geteuid())) &&
      write_text(folder + "/gid_map", map(root ? kNobodyId : ::getegid())))
    return {};
  return refuse("SBX-CAGE-IDMAP", "the id maps could not be written", errno_text(folder),
                "root needs CAP_SETUID and CAP_SETGID in its own namespace");
}

// When memory runs short, the worker dies before anything else does.
Result<void> prepare_child(pid_t pid, const Profile& profile) {
  const std::string folder = "/proc/" + std::to_string(pid);
  if (!write_text(folder + "/oom_score_adj", "1000"))
    return refuse("SBX-CAGE-LIMITS", "the worker could not be made the first to go",
                  errno_text("oom_score_adj"));
  if (profile.need_of(Namespace::user) == Need::off) return {};
  return write_id_maps(folder);
}

void end_child(pid_t pid) {
  ::kill(pid, SIGKILL);
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

// The child waits until it is told that its maps are written. Its parent does so right now, on
// another core: waking this one from its sleep would take longer.
constexpr int kLooks = 1000;

void await_go(int go) {
  char byte = 0;
  for (int look = 0; look < kLooks; ++look) {
    const ssize_t got = ::read(go, &byte, 1);
    if (got == 1) return;
    if (got == 0 || errno != EAGAIN) ::_exit(1);
    ::sched_yield();
  }
  pollfd waiting{go, POLLIN, 0};
  while (::poll(&waiting, 1, -1) < 0 && errno == EINTR) {
  }
  if (::read(go, &byte, 1) != 1) ::_exit(1);
}

}  // namespace

Result<Birthplace> Birthplace::make() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return refuse("SBX-CAGE-FORK", "workers cannot be tied to their zygote", errno_text("pipe"));
  return Birthplace(UniqueFd{ends[0]}, UniqueFd{ends[1]});
}

Result<Birth> Birth::give(const Birthplace& place, const Profile& profile, const Cgroup* cgroup) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
    return refuse("SBX-CAGE-FORK", "no process could be made for the worker", errno_text("pipe"));
  UniqueFd go_read{ends[0]};
  UniqueFd go_write{ends[1]};
  int process = -1;
  VEDETTE_TRY(const pid_t pid, clone_confined(profile, cgroup, process));
  if (pid == 0) {
    ::close(go_write.release());
    ::close(place.alive_write_.get());
    if (cgroup != nullptr && !cgroup->join()) ::_exit(1);
    await_go(go_read.get());
    return Birth(0, UniqueFd{}, place.alive_read_.get());
  }
  UniqueFd pidfd{process};
  auto prepared = prepare_child(pid, profile);
  if (prepared && ::write(go_write.get(), "g", 1) != 1)
    prepared = refuse("SBX-CAGE-FORK", "the worker died before it was confined");
  if (!prepared) {
    end_child(pid);
    return std::unexpected(prepared.error());
  }
  return Birth(pid, std::move(pidfd), -1);
}

}  // namespace vedette::inference
