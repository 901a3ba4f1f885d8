// Whom a worker shares a processor core with: its own kin at the same time, strangers in turn.
#include <cerrno>
#include <cstdint>
#include <string>

#include <linux/prctl.h>
#include <sys/prctl.h>

#include "base/fd.h"
#include "inference/sandbox/core_words.h"
#include "inference/sandbox/processor.h"
#include "inference/sandbox/steps.h"

namespace vedette::inference::sandbox {

namespace {

std::unexpected<Error> refuse_siblings(std::string_view cause) {
  return refuse("SBX-CAGE-CORE", "strangers could run beside the worker on one processor core",
                std::string(cause),
                "use a kernel with CONFIG_SCHED_CORE, start it with 'nosmt', or declare the "
                "posture 'without-core-scheduling'");
}

std::unexpected<Error> refuse_training(std::string_view cause) {
  return refuse("SBX-CAGE-CORE", "the worker's branch prediction could not be kept to itself",
                std::string(cause));
}

Result<void> check_cookie() {
  std::uint64_t cookie = 0;
  if (::prctl(kSchedCore, kSchedCoreGet, 0, kOfThread, &cookie) == 0 && cookie != 0) return {};
  return refuse_siblings("no cookie was given");
}

}  // namespace

// Threads, helpers and forks of the worker inherit the cookie; nothing inside can change it.
Result<void> fence_siblings(Need need) {
  if (need == Need::off) return {};
  if (::prctl(kSchedCore, kSchedCoreCreate, 0, kOfProcess, 0) == 0) return check_cookie();
  const int reason = errno;
  const std::string cause = errno_text("PR_SCHED_CORE");
  const auto active = smt_active();
  if (judge_siblings(reason, active) == SiblingThreads::none) return {};
  const bool absent = reason == EINVAL || reason == ENOSYS;
  if (absent && need == Need::where_present) return {};
  return refuse_siblings(cause + (active ? "; cores run two threads"
                                         : std::string("; ") + kSmtActive + " says nothing"));
}

// The kernel then clears the predictor between the worker and whoever has the core before or after,
// and keeps the sibling's training out meanwhile. It cannot be undone.
Result<void> separate_branch_training(Need need) {
  if (need == Need::off) return {};
  const int state = ::prctl(PR_GET_SPECULATION_CTRL, PR_SPEC_INDIRECT_BRANCH, 0, 0, 0);
  if (state < 0 && errno != EINVAL && errno != ENODEV)
    return refuse_training(errno_text("PR_GET_SPECULATION_CTRL"));
  switch (judge_training(state)) {
    case BranchTraining::harmless:
      return {};
    case BranchTraining::unhindered:
      if (need == Need::where_present) return {};
      return refuse_training("neither kernel nor processor can");
    case BranchTraining::separable:
      break;
  }
  if (::prctl(PR_SET_SPECULATION_CTRL, PR_SPEC_INDIRECT_BRANCH, PR_SPEC_FORCE_DISABLE, 0, 0) == 0)
    return {};
  return refuse_training(errno_text("PR_SET_SPECULATION_CTRL"));
}

// Of the calling thread. arm64 has it from Linux 6.12 on.
Result<void> forbid_cycle_counter(Need need) {
  if (need == Need::off || ::prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0) == 0) return {};
  if (errno == EINVAL && need == Need::where_present) return {};
  return refuse("SBX-CAGE-CLOCK", "the worker could not be kept from counting cycles",
                errno_text("PR_SET_TSC"));
}

}  // namespace vedette::inference::sandbox
