// What a step makes of a kernel that refuses: each in a child for which one call of prctl fails.
#include <cerrno>
#include <functional>
#include <string>

#include <gtest/gtest.h>
#include <linux/prctl.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inference/sandbox/core_words.h"
#include "inference/sandbox/processor.h"
#include "inference/sandbox/steps.h"

namespace vedette::inference::sandbox {
namespace {

constexpr int kDone = 0;
constexpr int kRefusedCore = 1;
constexpr int kRefusedClock = 2;
constexpr int kOther = 3;

bool make_prctl_fail(int option, int reason) {
  ::scmp_filter_ctx filter = ::seccomp_init(SCMP_ACT_ALLOW);
  const bool loaded =
      filter != nullptr && ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
      ::seccomp_rule_add(filter, SCMP_ACT_ERRNO(static_cast<unsigned>(reason)), SCMP_SYS(prctl), 1,
                         SCMP_A0_32(SCMP_CMP_EQ, static_cast<unsigned>(option))) == 0 &&
      ::seccomp_load(filter) == 0;
  ::seccomp_release(filter);
  return loaded;
}

// How `step` ends where prctl(option) gives `reason`.
int outcome_of(int option, int reason, const std::function<Result<void>()>& step) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (!make_prctl_fail(option, reason)) ::_exit(kOther);
    const auto done = step();
    if (done) ::_exit(kDone);
    const std::string& code = done.error().code;
    ::_exit(code == "SBX-CAGE-CORE"    ? kRefusedCore
            : code == "SBX-CAGE-CLOCK" ? kRefusedClock
                                       : kOther);
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
  return WEXITSTATUS(status);
}

int forbidding(Need need, int reason) {
  return outcome_of(PR_SET_TSC, reason, [need] { return forbid_cycle_counter(need); });
}

TEST(CycleCounter, ThatCannotBeForbiddenRefusesTheWorker) {
  EXPECT_EQ(forbidding(Need::required, EINVAL), kRefusedClock);
  EXPECT_EQ(forbidding(Need::required, EPERM), kRefusedClock);
  // That the kernel has it and refuses is no absence.
  EXPECT_EQ(forbidding(Need::where_present, EPERM), kRefusedClock);
}

TEST(CycleCounter, CanBeForbiddenWhereTheKernelSaysSo) {
  const auto can = []() -> Result<void> {
    if (cycle_counter_can_be_forbidden()) return {};
    return refuse("SBX-CAGE-CLOCK", "it cannot");
  };
  EXPECT_EQ(outcome_of(PR_GET_TSC, EINVAL, can), kRefusedClock);
#if defined(__x86_64__)
  EXPECT_EQ(outcome_of(PR_SET_TSC, EINVAL, can), kDone);  // asking changes nothing
#endif
}

TEST(CycleCounter, IsLeftWhereTheKernelHasNothingAgainstIt) {
  EXPECT_EQ(forbidding(Need::where_present, EINVAL), kDone);
  EXPECT_EQ(forbidding(Need::off, EPERM), kDone);
}

int fencing(Need need, int reason) {
  return outcome_of(kSchedCore, reason, [need] { return fence_siblings(need); });
}

// One judgement for the step and for who asks what the machine can do.
TEST(Siblings, AreFencedAsTheyAreJudged) {
  for (const int reason : {EINVAL, ENODEV, EPERM, ENOSYS}) {
    const bool none = judge_siblings(reason, smt_active()) == SiblingThreads::none;
    EXPECT_EQ(fencing(Need::required, reason), none ? kDone : kRefusedCore) << reason;
  }
}

TEST(Siblings, AreLeftOnlyWhereTheKernelHasNoFence) {
  const bool none = smt_active() == false;
  EXPECT_EQ(fencing(Need::where_present, EINVAL), kDone);
  EXPECT_EQ(fencing(Need::where_present, ENOSYS), kDone);
  EXPECT_EQ(fencing(Need::where_present, EPERM), none ? kDone : kRefusedCore);
  EXPECT_EQ(fencing(Need::off, EPERM), kDone);
}

}  // namespace
}  // namespace vedette::inference::sandbox
