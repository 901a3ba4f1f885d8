// A sandbox profile: what a worker is confined by, as data. The mechanism is inference/sandbox.
//
// A profile says nothing about how a layer is put up, and the mechanism decides nothing: what is
// written here is what happens, or the worker does not start.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

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
  anonymous_never_executable,  // mmap: MAP_ANONYMOUS set, PROT_EXEC clear
  wait_or_wake,                // futex: WAIT, WAKE and their BITSET forms
};

struct SyscallRule {
  std::string name;  // as in the kernel's tables, the same on every architecture
  Condition condition = Condition::none;

  friend bool operator==(const SyscallRule&, const SyscallRule&) = default;
};

struct ResourceLimits {
  std::uint64_t memory_bytes = std::uint64_t{512} << 20U;  // private writable memory (RLIMIT_DATA)
  std::uint64_t open_files = 0;
  std::uint64_t processes = 0;
  std::uint64_t file_bytes = 0;  // of any file written to
  std::uint64_t core_bytes = 0;

  friend bool operator==(const ResourceLimits&, const ResourceLimits&) = default;
};

struct Profile {
  std::string name;
  std::vector<NamespaceRule> namespaces;
  Need empty_root = Need::required;       // tmpfs without inodes, read-only, the old root detached
  Need no_capabilities = Need::required;  // and no_new_privs, locked securebits
  Need landlock = Need::required;         // every right handled, no rule granted
  Need syscall_filter = Need::required;   // all but `syscalls` kill the process
  std::vector<SyscallRule> syscalls;
  ResourceLimits limits;

  [[nodiscard]] Need need_of(Namespace kind) const;  // off when it is not listed

  friend bool operator==(const Profile&, const Profile&) = default;
};

[[nodiscard]] std::string_view name_of(Namespace kind);
[[nodiscard]] std::string_view name_of(Need need);
[[nodiscard]] std::string_view name_of(Condition condition);

// The built-in profiles: "strict". Refuses SBX-PROFILE for any other name.
[[nodiscard]] Result<Profile> built_in_profile(std::string_view name);

// In sentences, one per line, for a person to read aloud.
[[nodiscard]] std::string describe(const Profile& profile);

// One line per fact, `key value`, in a fixed order: two profiles that confine differently differ
// here. Meant to be hashed into the worker's measurement.
[[nodiscard]] std::string canonical_text(const Profile& profile);

}  // namespace vedette::inference
