#include "inference/policy/profile.h"

#include <algorithm>

namespace vedette::inference {

namespace {

// Measured under strace with ONNX Runtime, its environment made before the cage and one intra-op
// thread: making a session takes brk, mmap, munmap and futex; so does inferring. The rest is how
// the worker waits for work (futex) and ends (exit_group). clock_gettime is a system call only
// where the clock source has no vDSO; the runtime asks the time around every run.
Profile strict() {
  return {
      .name = "strict",
      .namespaces = {{Namespace::user, Need::required},
                     {Namespace::mount, Need::required},
                     {Namespace::ipc, Need::required},
                     {Namespace::uts, Need::required},
                     {Namespace::net, Need::required},
                     {Namespace::pid, Need::required},
                     {Namespace::cgroup, Need::where_present},
                     {Namespace::time, Need::where_present}},
      .syscalls = {{"brk", Condition::none},
                   {"mmap", Condition::anonymous_never_executable},
                   {"munmap", Condition::none},
                   {"futex", Condition::wait_or_wake},
                   {"clock_gettime", Condition::none},
                   {"exit_group", Condition::none}},
      .limits = {},
  };
}

std::string namespaces_that(const Profile& profile, Need need) {
  std::string list;
  for (const NamespaceRule& rule : profile.namespaces)
    if (rule.need == need) list += (list.empty() ? "" : ", ") + std::string(name_of(rule.kind));
  return list;
}

std::string layer_sentence(std::string_view layer, Need need, std::string_view effect) {
  std::string sentence = std::string(layer) + " (" + std::string(name_of(need)) + ")";
  if (need != Need::off) sentence += ": " + std::string(effect);
  return sentence + ".\n";
}

std::string syscall_list(const Profile& profile) {
  std::string list;
  for (const SyscallRule& rule : profile.syscalls) {
    list += (list.empty() ? "" : ", ") + rule.name;
    if (rule.condition != Condition::none)
      list += " (" + std::string(name_of(rule.condition)) + ")";
  }
  return list;
}

}  // namespace

Need Profile::need_of(Namespace kind) const {
  const auto rule = std::ranges::find(namespaces, kind, &NamespaceRule::kind);
  return rule == namespaces.end() ? Need::off : rule->need;
}

std::string_view name_of(Namespace kind) {
  switch (kind) {
    case Namespace::user:
      return "user";
    case Namespace::mount:
      return "mount";
    case Namespace::ipc:
      return "ipc";
    case Namespace::uts:
      return "uts";
    case Namespace::net:
      return "net";
    case Namespace::pid:
      return "pid";
    case Namespace::cgroup:
      return "cgroup";
    case Namespace::time:
      return "time";
  }
  return "unknown";
}

std::string_view name_of(Need need) {
  switch (need) {
    case Need::required:
      return "required";
    case Need::where_present:
      return "where-present";
    case Need::off:
      return "off";
  }
  return "unknown";
}

std::string_view name_of(Condition condition) {
  switch (condition) {
    case Condition::none:
      return "any";
    case Condition::anonymous_never_executable:
      return "anonymous-never-executable";
    case Condition::wait_or_wake:
      return "wait-or-wake";
  }
  return "unknown";
}

Result<Profile> built_in_profile(std::string_view name) {
  if (name == "strict") return strict();
  return refuse("SBX-PROFILE", "there is no sandbox profile of this name",
                std::string(name.substr(0, 80)), "the built-in profile is 'strict'");
}

std::string describe(const Profile& profile) {
  const ResourceLimits& limits = profile.limits;
  std::string text = "Profile '" + profile.name + "'.\n";
  text += "Own namespaces: " + namespaces_that(profile, Need::required) + ".\n";
  text +=
      "Own namespaces where the kernel has them: " + namespaces_that(profile, Need::where_present) +
      ".\n";
  text += layer_sentence("Empty root", profile.empty_root,
                         "no file exists, none can be made, the old root is gone");
  text += layer_sentence("No capabilities", profile.no_capabilities,
                         "none is held and none can be gained, not by exec either");
  text += layer_sentence("Landlock", profile.landlock,
                         "every file, network and scope right that the kernel knows is denied");
  text += layer_sentence("System call filter", profile.syscall_filter,
                         "the process dies of any but " + syscall_list(profile));
  text += "Limits: " + std::to_string(limits.memory_bytes >> 20U) + " MiB of memory, " +
          std::to_string(limits.open_files) + " new descriptors, " +
          std::to_string(limits.processes) + " new processes, files of " +
          std::to_string(limits.file_bytes) + " bytes, core dumps of " +
          std::to_string(limits.core_bytes) + " bytes.\n";
  return text;
}

std::string canonical_text(const Profile& profile) {
  std::string text = "vedette-profile 1\nname " + profile.name + "\n";
  const auto fact = [&text](std::string_view key, std::string_view value) {
    text += std::string(key) + " " + std::string(value) + "\n";
  };
  for (const NamespaceRule& rule : profile.namespaces)
    fact("namespace." + std::string(name_of(rule.kind)), name_of(rule.need));
  fact("empty-root", name_of(profile.empty_root));
  fact("no-capabilities", name_of(profile.no_capabilities));
  fact("landlock", name_of(profile.landlock));
  fact("syscall-filter", name_of(profile.syscall_filter));
  for (const SyscallRule& rule : profile.syscalls)
    fact("syscall." + rule.name, name_of(rule.condition));
  fact("limit.memory-bytes", std::to_string(profile.limits.memory_bytes));
  fact("limit.open-files", std::to_string(profile.limits.open_files));
  fact("limit.processes", std::to_string(profile.limits.processes));
  fact("limit.file-bytes", std::to_string(profile.limits.file_bytes));
  fact("limit.core-bytes", std::to_string(profile.limits.core_bytes));
  return text;
}

}  // namespace vedette::inference
