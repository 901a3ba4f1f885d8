// The strongest posture that this machine's kernel can keep, for tests and benchmarks of real
// cages.
#pragma once

#include <sys/syscall.h>
#include <unistd.h>

#include "inference/policy/posture.h"
#include "inference/sandbox/processor.h"

namespace vedette::testing {

inline inference::Posture machine_posture() {
  using inference::Posture;
  if (::syscall(SYS_landlock_create_ruleset, nullptr, 0U, 1U) <= 0)
    return Posture::without_landlock;
  if (inference::sibling_threads() == inference::SiblingThreads::shared)
    return Posture::without_core_scheduling;
  return Posture::full;
}

}  // namespace vedette::testing
