// What this machine's processor and kernel can do against workers that share a core with others:
// asked, not assumed. Asking changes nothing.
#pragma once

#include <optional>

namespace vedette::inference {

// Whether two processes can be on one physical core at the same time.
enum class SiblingThreads {
  none,    // no core runs two threads (SMT is off, or the processor has none)
  fenced,  // the kernel can keep all but a process's own kin off its core: core scheduling
  shared,  // neither; or this machine does not tell
};
[[nodiscard]] SiblingThreads sibling_threads();

// `reason`: the errno with which the kernel answered the question for core scheduling, 0 for none.
// `active`: whether it says that cores run more than one thread; nothing when it does not say.
[[nodiscard]] SiblingThreads judge_siblings(int reason, std::optional<bool> active);

// What /sys/devices/system/cpu/smt/active says.
[[nodiscard]] std::optional<bool> smt_active();

// Whether one process can train the predictor of indirect branches for the next on its core.
enum class BranchTraining {
  harmless,    // not affected, or kept apart for every process
  separable,   // kept apart for a process that asks (PR_SPEC_INDIRECT_BRANCH)
  unhindered,  // neither: no microcode for it, switched off, or not passed on by a hypervisor
};
[[nodiscard]] BranchTraining branch_training();

// `state`: what PR_GET_SPECULATION_CTRL gave, negative for nothing.
[[nodiscard]] BranchTraining judge_training(int state);

// Whether the kernel can have reading the cycle counter fault in a process that asks (PR_SET_TSC;
// on arm64 from Linux 6.12 on).
[[nodiscard]] bool cycle_counter_can_be_forbidden();

}  // namespace vedette::inference
