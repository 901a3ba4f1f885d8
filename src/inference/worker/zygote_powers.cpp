// Root's powers, of which a zygote needs two: to map another id into a worker's user namespace.
#include <array>
#include <cerrno>

#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "inference/worker/zygote.h"

namespace vedette::inference {

namespace {

std::unexpected<Error> refuse_confinement(std::string_view call) {
  return refuse("SBX-SPAWN", "the zygote could not give up its powers", errno_text(call));
}

bool is_needed(unsigned long capability) {
  return capability == CAP_SETUID || capability == CAP_SETGID || capability == CAP_SETPCAP;
}

Result<void> trim_bounding_set() {
  for (unsigned long capability = 0;; ++capability) {
    const int held = ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0);
    if (held < 0 && errno == EINVAL) return {};
    if (held < 0) return refuse_confinement("PR_CAPBSET_READ");
    if (held == 1 && !is_needed(capability) && ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0)
      return refuse_confinement("PR_CAPBSET_DROP");
  }
}

Result<void> keep_two_capabilities() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
  sets[0].effective = (1U << CAP_SETUID) | (1U << CAP_SETGID);
  sets[0].permitted = sets[0].effective;
  if (::syscall(SYS_capset, &header, sets.data()) != 0) return refuse_confinement("capset");
  return {};
}

}  // namespace

Result<void> confine_zygote(bool broker) {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return refuse_confinement("PR_SET_NO_NEW_PRIVS");
  if (::geteuid() != 0) return {};
  // Inside a worker's namespace its groups could not be dropped any more.
  if (::setgroups(0, nullptr) != 0) return refuse_confinement("setgroups");
  if (broker) return {};
  VEDETTE_CHECK(trim_bounding_set());
  return keep_two_capabilities();
}

}  // namespace vedette::inference
