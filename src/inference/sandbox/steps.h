// The steps of the cage, one layer each, in the order of cage.h. Private to inference/sandbox.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/error.h"
#include "inference/policy/profile.h"

namespace vedette::inference::sandbox {

inline constexpr unsigned kInsideId = 1000;  // any ordinary user: 0 would be special
inline constexpr unsigned kNobodyId = 65534;

enum class Machine { native, x86_64, aarch64 };

// A seccomp program, compiled ahead: loading it takes a single system call. Loading through
// libseccomp itself would need calls that an earlier filter has already forbidden.
class SyscallFilter {
 public:
  // Default action: notify the supervisor, for foreign architectures (i386, x32) too. Without a
  // supervisor that action is an error of the call (ENOSYS): nothing is ever let through.
  [[nodiscard]] static Result<SyscallFilter> compile(const std::vector<SyscallRule>& rules,
                                                     Machine machine = Machine::native);
  // Puts it up for every thread of the process. Gives the listener. no_new_privs must be set.
  [[nodiscard]] Result<int> install() const;

  struct Instruction {  // struct sock_filter
    std::uint16_t code;
    std::uint8_t jump_true;
    std::uint8_t jump_false;
    std::uint32_t operand;
  };
  [[nodiscard]] const std::vector<Instruction>& program() const { return program_; }

 private:
  std::vector<Instruction> program_;
};

// Takes the inside id of a user namespace, or becomes nobody where there is none.
[[nodiscard]] Result<void> take_inside_ids(bool has_user_namespace);

// See processor.h: what is absent here, and where-present, is done without.
[[nodiscard]] Result<void> fence_siblings(Need need);
[[nodiscard]] Result<void> separate_branch_training(Need need);
// From here on reading the cycle counter is a SIGSEGV, which fine clocks of the vDSO do, too.
[[nodiscard]] Result<void> forbid_cycle_counter(Need need);

[[nodiscard]] Result<void> empty_root(const std::vector<Power>& powers);
[[nodiscard]] Result<void> empty_host_names();
// `ids`: run where the ids may still be changed and the bounding set is already empty.
[[nodiscard]] Result<void> drop_privileges(const std::function<Result<void>()>& change_ids = {});
[[nodiscard]] Result<void> die_with_zygote(int alive_fd);
[[nodiscard]] Result<void> restrict_by_landlock(Need need, const std::vector<Power>& powers);
[[nodiscard]] Result<void> reserve_heap(std::uint64_t bytes);
[[nodiscard]] Result<void> limit_resources(const ResourceLimits& limits, std::uint64_t mapped);

// Puts the filter up and gives its listener away: see cage.h. Ends with every descriptor closed and
// `limits.open_files` in force.
[[nodiscard]] Result<void> put_up_filter(const SyscallFilter& filter, int line_fd,
                                         const ResourceLimits& limits);
// The same end without a filter.
[[nodiscard]] Result<void> close_without_filter(int line_fd, const ResourceLimits& limits);

}  // namespace vedette::inference::sandbox
