// A sandbox profile: what a worker is confined by, as data. The mechanism is inference/sandbox.
//
//   VEDETTE_TRY(Profile profile, built_in_profile("strict"));
//   VEDETTE_CHECK(grant(profile, ThreadsPower{2}));     // power.h: the only way to widen it
//   hash(canonical_text(profile));                      // what is hashed is what is sent and
//   enforced
//
// A profile says nothing about how a layer is put up, and the mechanism decides nothing: what is
// written here is what happens, or the worker does not start.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "inference/policy/power.h"

namespace vedette::inference {

enum class Namespace { user, mount, ipc, uts, net, pid, cgroup, time };

enum class Need {
  required,       // absent: the worker is refused
  where_present,  // used when the kernel has it
  off,            // not used; no built-in profile says so
};

struct NamespaceRule {
  Namespace kind = Namespace::user;
  Need need = Need::required;

  friend bool operator==(const NamespaceRule&, const NamespaceRule&) = default;
};

// What the arguments of a permitted system call must be.
enum class Condition {
  none,
  wait_or_wake,      // futex: WAIT, WAKE and their BITSET forms
  fork_and_wait,     // clone: exactly CLONE_VFORK and SIGCHLD, nothing shared
  never_executable,  // mmap: PROT_EXEC clear
  coarse_clocks,     // clock_gettime: CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE
};

struct SyscallRule {
  std::string name;  // as in the kernel's tables, the same on every architecture
  Condition condition = Condition::none;

  friend bool operator==(const SyscallRule&, const SyscallRule&) = default;
};

struct ResourceLimits {
  // The worker's heap. It is reserved (not touched) before the filter: inside, no call can grow it.
  std::uint64_t memory_bytes = std::uint64_t{512} << 20U;
  std::uint64_t threads = 1;     // all of them made before the filter
  std::uint64_t open_files = 0;  // new descriptors
  std::uint64_t processes = 0;   // new processes and threads
  std::uint64_t file_bytes = 0;  // of any file written to
  std::uint64_t core_bytes = 0;

  friend bool operator==(const ResourceLimits&, const ResourceLimits&) = default;
};

struct Profile {
  std::string name;
  std::vector<NamespaceRule> namespaces;
  Need core_scheduling = Need::required;  // no stranger beside it on a core; or no core has room
  // Its training of indirect branches is no stranger's, nor theirs its own.
  Need branch_separation = Need::where_present;
  // Its clock steps as the kernel's timer does, and the processor's cycle counter faults.
  Need coarse_clock = Need::where_present;
  Need empty_root = Need::required;       // tmpfs without inodes, read-only, the old root detached
  Need no_capabilities = Need::required;  // and no_new_privs, locked securebits
  Need landlock = Need::required;         // every right handled, none granted but to device nodes
  Need cgroup = Need::where_present;      // memory and tasks bounded for the worker as a whole
  Need syscall_filter = Need::required;   // all but `syscalls` end the worker, with evidence
  std::vector<SyscallRule> syscalls;
  ResourceLimits limits;
  std::vector<Power> powers;  // what was granted beyond the built-in profile, in order

  [[nodiscard]] Need need_of(Namespace kind) const;  // off when it is not listed

  friend bool operator==(const Profile&, const Profile&) = default;
};

[[nodiscard]] std::string_view name_of(Namespace kind);
[[nodiscard]] std::string_view name_of(Need need);
[[nodiscard]] std::string_view name_of(Condition condition);
[[nodiscard]] std::optional<Namespace> namespace_from_name(std::string_view name);
[[nodiscard]] std::optional<Need> need_from_name(std::string_view name);
[[nodiscard]] std::optional<Condition> condition_from_name(std::string_view name);

// The built-in profiles: "strict". Refuses SBX-PROFILE for any other name.
[[nodiscard]] Result<Profile> built_in_profile(std::string_view name);

// Widens `profile` by one power and records it. Refuses SBX-POWER: a power that is malformed,
// granted twice, or does not go together with one that was granted before.
[[nodiscard]] Result<void> grant(Profile& profile, const Power& power);

// In sentences, one per line, for a person to read aloud.
[[nodiscard]] std::string describe(const Profile& profile);

// The facts in which `after` differs from `before`, one per line, `- old` and `+ new`; empty when
// they confine alike.
[[nodiscard]] std::string differences(const Profile& before, const Profile& after);

}  // namespace vedette::inference
