#include "inference/sandbox/processor.h"

#include <array>
#include <cerrno>
#include <cstdint>

#include <fcntl.h>
#include <linux/prctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/fd.h"
#include "inference/sandbox/core_words.h"

namespace vedette::inference {

using namespace sandbox;

std::optional<bool> smt_active() {
  const UniqueFd file{::open(kSmtActive, O_RDONLY | O_CLOEXEC)};
  std::array<char, 2> text{};
  if (!file.valid() || ::pread(file.get(), text.data(), text.size(), 0) < 1) return std::nullopt;
  if (text[0] == '0') return false;
  if (text[0] == '1') return true;
  return std::nullopt;
}

SiblingThreads judge_siblings(int reason, std::optional<bool> active) {
  if (reason == 0) return SiblingThreads::fenced;
  // The kernel has core scheduling, and says that there is nothing for it to do.
  if (reason == ENODEV) return SiblingThreads::none;
  return active == false ? SiblingThreads::none : SiblingThreads::shared;
}

SiblingThreads sibling_threads() {
  std::uint64_t cookie = 0;
  const bool answered = ::prctl(kSchedCore, kSchedCoreGet, 0, kOfThread, &cookie) == 0;
  return judge_siblings(answered ? 0 : errno, smt_active());
}

BranchTraining judge_training(int state) {
  // arm64's kernel clears the predictor at every switch, where the processor needs it.
#if defined(__aarch64__)
  if (state < 0) return BranchTraining::harmless;
#endif
  if (state < 0) return BranchTraining::unhindered;
  if ((static_cast<unsigned>(state) & PR_SPEC_PRCTL) != 0) return BranchTraining::separable;
  return state == PR_SPEC_NOT_AFFECTED || state == PR_SPEC_DISABLE ? BranchTraining::harmless
                                                                   : BranchTraining::unhindered;
}

bool cycle_counter_can_be_forbidden() {
  int mode = 0;
  return ::prctl(PR_GET_TSC, &mode, 0, 0, 0) == 0;
}

BranchTraining branch_training() {
  return judge_training(::prctl(PR_GET_SPECULATION_CTRL, PR_SPEC_INDIRECT_BRANCH, 0, 0, 0));
}

}  // namespace vedette::inference
