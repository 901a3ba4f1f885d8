// How a worker is born: a process in namespaces of its own, made by the zygote.
//
// The parent does what only it may do: it writes the id maps from the outer user namespace, marks
// the child as the first victim of memory shortage, and tells it to go on. The child then gives up
// everything else by itself (cage.h).
#pragma once

#include <cstdint>
#include <optional>

#include <sys/types.h>

#include "base/error.h"
#include "base/fd.h"
#include "inference/policy/profile.h"
#include "inference/sandbox/cgroup.h"

namespace vedette::inference {

// One per zygote: what its children are born with. Its life is theirs: a child that finds the
// other end closed does not start.
class Birthplace {
 public:
  // Refuses SBX-CAGE-FORK.
  [[nodiscard]] static Result<Birthplace> make();

 private:
  friend class Birth;
  Birthplace(UniqueFd alive_read, UniqueFd alive_write)
      : alive_read_(std::move(alive_read)), alive_write_(std::move(alive_write)) {}

  UniqueFd alive_read_;
  UniqueFd alive_write_;
};

// The outcome of a birth, in both processes.
class Birth {
 public:
  // Like fork, this returns twice; the calling process has one thread. `cgroup` may be none. In the
  // parent refuses SBX-CAGE-USERNS, SBX-CAGE-NAMESPACE, SBX-CAGE-FORK, SBX-CAGE-IDMAP and
  // SBX-CAGE-LIMITS; a child that cannot go on exits here.
  [[nodiscard]] static Result<Birth> give(const Birthplace& place, const Profile& profile,
                                          const Cgroup* cgroup);

  [[nodiscard]] bool is_child() const { return pid_ == 0; }

  // In the parent.
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] UniqueFd take_process() { return std::move(process_); }  // pidfd

  // In the child: readable end of a pipe whose other end is the zygote's alone.
  [[nodiscard]] int alive_fd() const { return alive_fd_; }

 private:
  Birth(pid_t pid, UniqueFd process, int alive_fd)
      : pid_(pid), process_(std::move(process)), alive_fd_(alive_fd) {}

  pid_t pid_;
  UniqueFd process_;
  int alive_fd_;
};

}  // namespace vedette::inference
