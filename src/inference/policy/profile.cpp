#include "inference/policy/profile.h"

#include <algorithm>
#include <array>

namespace vedette::inference {

namespace {

template <class Value>
struct Named {
  Value value;
  std::string_view name;
};

constexpr std::array kNamespaces = {
    Named{Namespace::user, "user"},     Named{Namespace::mount, "mount"},
    Named{Namespace::ipc, "ipc"},       Named{Namespace::uts, "uts"},
    Named{Namespace::net, "net"},       Named{Namespace::pid, "pid"},
    Named{Namespace::cgroup, "cgroup"}, Named{Namespace::time, "time"},
};
constexpr std::array kNeeds = {
    Named{Need::required, "required"},
    Named{Need::where_present, "where-present"},
    Named{Need::off, "off"},
};
constexpr std::array kConditions = {
    Named{Condition::none, "any"},
    Named{Condition::wait_or_wake, "wait-or-wake"},
    Named{Condition::fork_and_wait, "fork-and-wait"},
    Named{Condition::never_executable, "never-executable"},
    Named{Condition::coarse_clocks, "coarse-clocks"},
};

template <class Table, class Value>
std::string_view name_in(const Table& table, Value value) {
  for (const auto& row : table)
    if (row.value == value) return row.name;
  return "unknown";
}

template <class Table>
auto value_in(const Table& table, std::string_view name)
    -> std::optional<decltype(table[0].value)> {
  for (const auto& row : table)
    if (row.name == name) return row.value;
  return std::nullopt;
}

// Measured under strace with ONNX Runtime, its environment made, one intra-op thread, and a heap
// that was reserved beforehand: making a session takes futex alone, and inferring takes nothing.
// The runtime asks the time around every run, and clock_gettime is a system call where there is no
// vDSO. A worker ends by exit_group.
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
      .syscalls = {{"futex", Condition::wait_or_wake},
                   {"clock_gettime", Condition::coarse_clocks},
                   {"exit_group", Condition::none}},
      .limits = {},
      .powers = {},
  };
}

std::unexpected<Error> refuse_grant(std::string message, const Power& power) {
  return refuse("SBX-POWER", std::move(message), text_of(power));
}

// A fork copies only the thread that calls it.
bool contradicts(const Power& one, const Power& other) {
  return (std::holds_alternative<ThreadsPower>(one) &&
          std::holds_alternative<ForkPerRequestPower>(other)) ||
         (std::holds_alternative<ForkPerRequestPower>(one) &&
          std::holds_alternative<ThreadsPower>(other));
}

// Threads are a clock of their own: one of them need only count. A driver's library may ask for any
// clock by any way.
void give_a_fine_clock(Profile& profile) {
  profile.coarse_clock = Need::off;
  for (SyscallRule& rule : profile.syscalls)
    if (rule.condition == Condition::coarse_clocks) rule.condition = Condition::none;
}

void allow(Profile& profile, const SyscallRule& rule) {
  if (std::ranges::find(profile.syscalls, rule) == profile.syscalls.end())
    profile.syscalls.push_back(rule);
}

// What a driver's user-space library needs to reach its node: nothing that makes a socket, a
// process or executable memory.
void widen(Profile& profile, const DeviceNodePower&) {
  constexpr std::uint64_t kDescriptors = 16;
  for (const char* call : {"openat", "close", "read", "write", "ioctl", "munmap"})
    allow(profile, {call, Condition::none});
  allow(profile, {"mmap", Condition::never_executable});
  profile.limits.open_files = kDescriptors;
  give_a_fine_clock(profile);
}

// What a stream to a file takes; there is no other file to open.
void widen(Profile& profile, const OutputFilePower& power) {
  for (const char* call : {"openat", "close", "write", "writev", "lseek"})
    allow(profile, {call, Condition::none});
  profile.limits.open_files = std::max<std::uint64_t>(profile.limits.open_files, 1);
  profile.limits.file_bytes = power.bytes;
}

void widen(Profile& profile, const ThreadsPower& power) {
  profile.limits.threads = power.count;
  give_a_fine_clock(profile);
}

// Two beside the worker itself: the kernel counts a child that is just ending.
void widen(Profile& profile, const ForkPerRequestPower&) {
  allow(profile, {"clone", Condition::fork_and_wait});
  profile.limits.processes = 2;
}

}  // namespace

Need Profile::need_of(Namespace kind) const {
  const auto rule = std::ranges::find(namespaces, kind, &NamespaceRule::kind);
  return rule == namespaces.end() ? Need::off : rule->need;
}

std::string_view name_of(Namespace kind) {
  return name_in(kNamespaces, kind);
}
std::string_view name_of(Need need) {
  return name_in(kNeeds, need);
}
std::string_view name_of(Condition condition) {
  return name_in(kConditions, condition);
}
std::optional<Namespace> namespace_from_name(std::string_view name) {
  return value_in(kNamespaces, name);
}
std::optional<Need> need_from_name(std::string_view name) {
  return value_in(kNeeds, name);
}
std::optional<Condition> condition_from_name(std::string_view name) {
  return value_in(kConditions, name);
}

Result<Profile> built_in_profile(std::string_view name) {
  if (name == "strict") return strict();
  return refuse("SBX-PROFILE", "there is no sandbox profile of this name",
                std::string(name.substr(0, 80)), "the built-in profile is 'strict'");
}

Result<void> grant(Profile& profile, const Power& power) {
  VEDETTE_CHECK(check(power));
  for (const Power& before : profile.powers) {
    const bool same_kind = before.index() == power.index();
    if (before == power || (same_kind && !std::holds_alternative<DeviceNodePower>(power)))
      return refuse_grant("a power is granted twice", power);
    if (contradicts(before, power))
      return refuse_grant("a worker with threads cannot fork for each request", power);
  }
  std::visit([&profile](const auto& one) { widen(profile, one); }, power);
  profile.powers.push_back(power);
  return {};
}

}  // namespace vedette::inference
