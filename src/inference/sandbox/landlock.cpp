#include <cerrno>
#include <cstdint>

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "inference/sandbox/cage.h"
#include "inference/sandbox/output_file.h"
#include "inference/sandbox/steps.h"

namespace vedette::inference {

namespace {

// struct landlock_ruleset_attr as of ABI 6; installed headers may be older than the kernel.
struct RulesetAttributes {
  std::uint64_t handled_files;
  std::uint64_t handled_network;
  std::uint64_t scoped;
};

// Everything that the ABI can deny. Bits are contiguous per field (linux/landlock.h).
RulesetAttributes every_right(int abi) {
  std::uint64_t file_rights = 13;                         // ABI 1: EXECUTE to MAKE_SYM
  if (abi >= 2) file_rights = 14;                         // REFER
  if (abi >= 3) file_rights = 15;                         // TRUNCATE
  if (abi >= 5) file_rights = 16;                         // IOCTL_DEV
  const std::uint64_t network_rights = abi >= 4 ? 2 : 0;  // BIND_TCP, CONNECT_TCP
  const std::uint64_t scopes = abi >= 6 ? 2 : 0;          // ABSTRACT_UNIX_SOCKET, SIGNAL
  const auto ones = [](std::uint64_t count) { return (std::uint64_t{1} << count) - 1; };
  return {ones(file_rights), ones(network_rights), ones(scopes)};
}

std::unexpected<Error> refuse_landlock(std::string cause) {
  return refuse("SBX-CAGE-LANDLOCK", "Landlock could not be put up", std::move(cause),
                "start the kernel with lsm=landlock,... or declare the posture "
                "'without-landlock'");
}

constexpr std::uint64_t kTruncate = std::uint64_t{1} << 14U;  // LANDLOCK_ACCESS_FS_TRUNCATE
constexpr std::uint64_t kIoctl = std::uint64_t{1} << 15U;     // LANDLOCK_ACCESS_FS_IOCTL_DEV

// One file or node, and what may be done to it of what the kernel can deny.
Result<void> grant_path(int ruleset, const std::string& path, std::uint64_t rights) {
  const UniqueFd file{::open(path.c_str(), O_PATH | O_CLOEXEC | O_NOFOLLOW)};
  if (!file.valid()) return refuse_landlock(errno_text(path));
  landlock_path_beneath_attr rule{};
  rule.allowed_access = rights;
  rule.parent_fd = file.get();
  if (::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0U) != 0)
    return refuse_landlock(errno_text("landlock_add_rule"));
  return {};
}

Result<void> grant_power(int ruleset, const Power& power, std::uint64_t handled) {
  constexpr std::uint64_t kNodeRights =
      LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | kIoctl;
  if (const auto* node = std::get_if<DeviceNodePower>(&power))
    return grant_path(ruleset, node->path, kNodeRights & handled);
  if (std::holds_alternative<OutputFilePower>(power))
    return grant_path(ruleset, kOutputFile, (LANDLOCK_ACCESS_FS_WRITE_FILE | kTruncate) & handled);
  return {};
}

}  // namespace

int landlock_abi() {
  const long abi =
      ::syscall(SYS_landlock_create_ruleset, nullptr, 0U, LANDLOCK_CREATE_RULESET_VERSION);
  return abi < 0 ? 0 : static_cast<int>(abi);
}

namespace sandbox {

Result<void> restrict_by_landlock(Need need, const std::vector<Power>& powers) {
  if (need == Need::off) return {};
  const int abi = landlock_abi();
  if (abi == 0 && need == Need::where_present) return {};
  if (abi == 0) return refuse_landlock(errno_text("landlock_create_ruleset"));
  const RulesetAttributes attributes = every_right(abi);
  const UniqueFd ruleset{
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0U))};
  if (!ruleset.valid()) return refuse_landlock(errno_text("landlock_create_ruleset"));
  for (const Power& power : powers)
    VEDETTE_CHECK(grant_power(ruleset.get(), power, attributes.handled_files));
  // Landlock takes no_new_privs even from a profile that keeps capabilities.
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    return refuse_landlock(errno_text("PR_SET_NO_NEW_PRIVS"));
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0U) != 0)
    return refuse_landlock(errno_text("landlock_restrict_self"));
  return {};
}

}  // namespace sandbox

}  // namespace vedette::inference
