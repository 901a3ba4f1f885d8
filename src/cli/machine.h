// Machine: what the kernel and the hardware offer to Vedette, asked, not assumed.
#pragma once

#include <string>

namespace vedette::cli {

enum class Cgroups { none, v1, v2 };

struct MachineFacts {
  std::string kernel;            // `Linux 6.1.0 x86_64`
  bool user_namespaces = false;  // made one, and the others inside of it
  std::string namespaces_cause;  // why not
  int landlock_abi = 0;          // 0: the kernel has none
  bool seccomp_filter = false;   // filters that kill the whole process
  Cgroups cgroups = Cgroups::none;
  bool tpm_present = false;   // /dev/tpmrm0
  bool tpm_usable = false;    // and it may be opened
  bool software_tpm = false;  // `swtpm` is in PATH
  bool clock_synchronised = false;
  bool runs_as_root = false;
};

// Forks once: call it while one thread runs.
[[nodiscard]] MachineFacts probe_machine();

}  // namespace vedette::cli
