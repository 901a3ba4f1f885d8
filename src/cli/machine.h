// Machine: what the kernel and the hardware offer to Vedette, asked, not assumed.
#pragma once

#include <string>

#include "base/error.h"
#include "inference/sandbox/delegation.h"
#include "inference/sandbox/processor.h"

namespace vedette::cli {

struct MachineFacts {
  std::string kernel;            // `Linux 6.1.0 x86_64`
  bool user_namespaces = false;  // made one, and the others inside of it
  std::string namespaces_cause;  // why not
  int landlock_abi = 0;          // 0: the kernel has none
  inference::SiblingThreads siblings = inference::SiblingThreads::shared;
  inference::BranchTraining training = inference::BranchTraining::unhindered;
  bool coarse_clock = false;    // the cycle counter can be kept from a worker
  bool seccomp_filter = false;  // filters that kill the whole process
  // What an agent that is started from here would come to.
  Result<inference::Delegation> delegation = inference::Delegation{};
  bool tpm_present = false;   // /dev/tpmrm0
  bool tpm_usable = false;    // and it may be opened
  bool software_tpm = false;  // `swtpm` is in PATH
  bool clock_synchronised = false;
  bool runs_as_root = false;
};

// Forks once: call it while one thread runs.
[[nodiscard]] MachineFacts probe_machine();

}  // namespace vedette::cli
