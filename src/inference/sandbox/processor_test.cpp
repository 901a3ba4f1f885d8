#include "inference/sandbox/processor.h"

#include <cerrno>

#include <gtest/gtest.h>
#include <linux/prctl.h>

namespace vedette::inference {
namespace {

// A kernel that says nothing proves nothing.
TEST(Siblings, AreSharedUnlessTheKernelProvesOtherwise) {
  for (const int reason : {EINVAL, EPERM, ENOSYS}) {
    EXPECT_EQ(judge_siblings(reason, true), SiblingThreads::shared) << reason;
    EXPECT_EQ(judge_siblings(reason, std::nullopt), SiblingThreads::shared) << reason;
    EXPECT_EQ(judge_siblings(reason, false), SiblingThreads::none) << reason;
  }
}

TEST(Siblings, AreFencedOrNoneWhereTheKernelHasCoreScheduling) {
  EXPECT_EQ(judge_siblings(0, true), SiblingThreads::fenced);
  EXPECT_EQ(judge_siblings(ENODEV, false), SiblingThreads::none);
  EXPECT_EQ(judge_siblings(ENODEV, std::nullopt), SiblingThreads::none);
}

TEST(Siblings, OfThisMachineAreToldByOneWhoKnows) {
  if (!smt_active()) GTEST_SKIP() << "this kernel does not say whether cores run two threads";
  EXPECT_EQ(sibling_threads() == SiblingThreads::none, !*smt_active());
}

TEST(BranchTraining, IsUnhinderedUnlessTheKernelSaysOtherwise) {
  EXPECT_EQ(judge_training(PR_SPEC_ENABLE), BranchTraining::unhindered);
#if !defined(__aarch64__)
  EXPECT_EQ(judge_training(-1), BranchTraining::unhindered);
#endif
}

TEST(BranchTraining, CanBeKeptApartOrIsAlready) {
  for (const auto state : {PR_SPEC_ENABLE, PR_SPEC_DISABLE, PR_SPEC_FORCE_DISABLE})
    EXPECT_EQ(judge_training(static_cast<int>(PR_SPEC_PRCTL | state)), BranchTraining::separable)
        << state;
  EXPECT_EQ(judge_training(PR_SPEC_NOT_AFFECTED), BranchTraining::harmless);
  EXPECT_EQ(judge_training(PR_SPEC_DISABLE), BranchTraining::harmless);
}

}  // namespace
}  // namespace vedette::inference
