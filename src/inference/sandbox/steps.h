// The steps of the cage, one layer each, in the order of cage.h. Private to inference/sandbox.
#pragma once

#include <cstdint>
#include <vector>

#include "base/error.h"
#include "inference/policy/profile.h"

namespace vedette::inference::sandbox {

// A seccomp program, compiled ahead: loading it takes a single system call. Loading through
// libseccomp itself would need calls that an earlier filter has already forbidden.
class SyscallFilter {
 public:
  // Default action: kill the process; foreign architectures (i386, x32) too.
  [[nodiscard]] static Result<SyscallFilter> compile(const std::vector<SyscallRule>& rules);
  [[nodiscard]] Result<void> install() const;  // no_new_privs must be set

 private:
  struct Instruction {  // struct sock_filter
    std::uint16_t code;
    std::uint8_t jump_true;
    std::uint8_t jump_false;
    std::uint32_t operand;
  };
  std::vector<Instruction> program_;
};

// Unshares, maps one id each way and takes it: an ordinary user inside; outside `nobody` when
// started by root, else the caller. The pid and time namespaces begin with the next fork.
[[nodiscard]] Result<void> enter_namespaces(const Profile& profile);

// Returns in the child only; the parent stays behind as the outer process.
[[nodiscard]] Result<void> leave_outer_process(int lifeline_fd);

[[nodiscard]] Result<void> empty_root();
[[nodiscard]] Result<void> empty_host_names();
[[nodiscard]] Result<void> close_all_descriptors();
[[nodiscard]] Result<void> drop_privileges();
[[nodiscard]] Result<void> deny_by_landlock(Need need);
[[nodiscard]] Result<void> limit_resources(const ResourceLimits& limits, std::uint64_t mapped);

}  // namespace vedette::inference::sandbox
