#include <cerrno>
#include <cstring>

#include <linux/capability.h>
#include <linux/securebits.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "inference/sandbox/steps.h"

namespace vedette::inference::sandbox {

namespace {

constexpr unsigned long kSecurebits =
    SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_SETUID_FIXUP | SECBIT_NO_SETUID_FIXUP_LOCKED |
    SECBIT_KEEP_CAPS_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE | SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED;

std::unexpected<Error> refuse_drop(std::string_view call) {
  return refuse("SBX-CAGE-PRIVILEGES", "the worker could not give up its privileges",
                errno_text(call));
}

// Up to the last capability that this kernel knows.
Result<void> empty_bounding_set() {
  for (unsigned long capability = 0;; ++capability) {
    const int held = ::prctl(PR_CAPBSET_READ, capability, 0, 0, 0);
    if (held < 0 && errno == EINVAL) return {};
    if (held < 0) return refuse_drop("PR_CAPBSET_READ");
    if (held == 1 && ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) != 0)
      return refuse_drop("PR_CAPBSET_DROP");
  }
}

Result<void> empty_capability_sets() {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {};
  if (::syscall(SYS_capset, &header, sets) != 0) return refuse_drop("capset");
  std::memset(sets, 0xFF, sizeof sets);
  if (::syscall(SYS_capget, &header, sets) != 0) return refuse_drop("capget");
  for (const auto& set : sets) {
    if (set.effective == 0 && set.permitted == 0 && set.inheritable == 0) continue;
    errno = EPERM;
    return refuse_drop("capabilities are left");
  }
  return {};
}

}  // namespace

Result<void> drop_privileges(const std::function<Result<void>()>& change_ids) {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return refuse_drop("PR_SET_NO_NEW_PRIVS");
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0)
    return refuse_drop("PR_CAP_AMBIENT");
  if (::prctl(PR_SET_SECUREBITS, kSecurebits, 0, 0, 0) != 0)
    return refuse_drop("PR_SET_SECUREBITS");
  VEDETTE_CHECK(empty_bounding_set());
  if (change_ids) VEDETTE_CHECK(change_ids());
  VEDETTE_CHECK(empty_capability_sets());
  // Other processes of the same user must not read the model out of this one.
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return refuse_drop("PR_SET_DUMPABLE");
  return {};
}

}  // namespace vedette::inference::sandbox
