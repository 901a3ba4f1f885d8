#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "inference/sandbox/steps.h"

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x00000080
#endif

namespace vedette::inference::sandbox {

namespace {

constexpr unsigned kInsideId = 1000;  // any ordinary user: 0 would be special, 65534 unmapped
constexpr unsigned kNobodyId = 65534;

int flag_of(Namespace kind) {
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
      return CLONE_NEWTIME;
  }
  return 0;
}

bool write_text(const std::string& path, const std::string& text) {
  const UniqueFd file{::open(path.c_str(), O_WRONLY | O_CLOEXEC)};
  return file.valid() &&
         ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

std::string id_map(unsigned outside) {
  return std::to_string(kInsideId) + " " + std::to_string(outside) + " 1\n";
}

// A child that stays in the old user namespace, where alone a foreign id may be mapped, and writes
// the maps once it is told to. Works alike for root (maps nobody) and for a user (maps itself).
class MapWriter {
 public:
  [[nodiscard]] static Result<MapWriter> start(unsigned outside_uid, unsigned outside_gid) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0)
      return refuse("SBX-CAGE-IDMAP", "the id maps could not be written", errno_text("pipe"));
    UniqueFd read_end{ends[0]};
    UniqueFd write_end{ends[1]};
    const std::string folder = "/proc/" + std::to_string(::getpid());
    const pid_t child = ::fork();
    if (child < 0)
      return refuse("SBX-CAGE-IDMAP", "the id maps could not be written", errno_text("fork"));
    if (child == 0) {
      write_end.reset();
      run(read_end.get(), folder, outside_uid, outside_gid);
    }
    return MapWriter(child, std::move(write_end));
  }

  MapWriter(MapWriter&& other) noexcept
      : child_(std::exchange(other.child_, -1)), go_(std::move(other.go_)) {}
  MapWriter& operator=(MapWriter&&) = delete;
  MapWriter(const MapWriter&) = delete;
  MapWriter& operator=(const MapWriter&) = delete;
  ~MapWriter() { static_cast<void>(wait()); }

  [[nodiscard]] Result<void> write_maps() {
    const ssize_t told = ::write(go_.get(), "g", 1);
    const int status = wait();
    if (told == 1 && status == 0) return {};
    return refuse("SBX-CAGE-IDMAP", "the id maps could not be written",
                  std::strerror(WIFEXITED(status) ? WEXITSTATUS(status) : EINTR),
                  "root needs CAP_SETUID and CAP_SETGID in its own namespace");
  }

 private:
  MapWriter(pid_t child, UniqueFd go) : child_(child), go_(std::move(go)) {}

  [[noreturn]] static void run(int go, const std::string& folder, unsigned uid, unsigned gid) {
    char byte = 0;
    if (::read(go, &byte, 1) != 1) ::_exit(ECANCELED);
    const bool written = write_text(folder + "/setgroups", "deny") &&
                         write_text(folder + "/uid_map", id_map(uid)) &&
                         write_text(folder + "/gid_map", id_map(gid));
    ::_exit(written ? 0 : errno);
  }

  int wait() {
    go_.reset();
    int status = 0;
    if (child_ > 0)
      while (::waitpid(child_, &status, 0) < 0 && errno == EINTR) {
      }
    child_ = -1;
    return status;
  }

  pid_t child_;
  UniqueFd go_;
};

// unshare keeps the outer id until it is changed inside: files would still be made as root.
Result<void> take_inside_ids() {
  if (::setresgid(kInsideId, kInsideId, kInsideId) != 0 ||
      ::setresuid(kInsideId, kInsideId, kInsideId) != 0)
    return refuse("SBX-CAGE-IDMAP", "the worker could not take its ids", errno_text("setresuid"));
  if (::geteuid() != kInsideId || ::getuid() != kInsideId || ::getegid() != kInsideId)
    return refuse("SBX-CAGE-IDMAP", "the worker did not get its ids");
  return {};
}

Result<void> enter_user_namespace() {
  const bool root = ::geteuid() == 0;
  if (root && ::setgroups(0, nullptr) != 0)
    return refuse("SBX-CAGE-IDMAP", "root's groups could not be dropped", errno_text("setgroups"));
  VEDETTE_TRY(MapWriter writer,
              MapWriter::start(root ? kNobodyId : ::geteuid(), root ? kNobodyId : ::getegid()));
  if (::unshare(CLONE_NEWUSER) != 0)
    return refuse("SBX-CAGE-USERNS", "the kernel gives no user namespace", errno_text("unshare"),
                  "see user.max_user_namespaces, kernel.unprivileged_userns_clone and, on Ubuntu, "
                  "kernel.apparmor_restrict_unprivileged_userns");
  VEDETTE_CHECK(writer.write_maps());
  return take_inside_ids();
}

}  // namespace

Result<void> enter_namespaces(const Profile& profile) {
  if (profile.need_of(Namespace::user) != Need::off) VEDETTE_CHECK(enter_user_namespace());
  for (const NamespaceRule& rule : profile.namespaces) {
    if (rule.kind == Namespace::user || rule.need == Need::off) continue;
    if (::unshare(flag_of(rule.kind)) == 0) continue;
    // EINVAL: this kernel does not know the kind. Anything else is a refusal even then.
    const int reason = errno;
    if (rule.need == Need::where_present && reason == EINVAL) continue;
    return refuse("SBX-CAGE-NAMESPACE",
                  "the kernel gives no " + std::string(name_of(rule.kind)) + " namespace",
                  std::string("unshare: ") + std::strerror(reason),
                  reason == EPERM ? "a security module may forbid it to unprivileged users" : "");
  }
  return {};
}

}  // namespace vedette::inference::sandbox
