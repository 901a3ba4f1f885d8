// The filter as a program: run over every call number by an interpreter of its own, for both
// machines, whichever one this is.
#include <algorithm>
#include <csignal>
#include <cstring>
#include <ctime>
#include <optional>
#include <set>

#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>

#include "inference/sandbox/steps.h"

namespace vedette::inference::sandbox {
namespace {

// Classic BPF, as much of it as a seccomp program may hold (linux/filter.h).
std::optional<std::uint32_t> run(const SyscallFilter& filter, const seccomp_data& data) {
  std::uint32_t a = 0;
  const auto& program = filter.program();
  for (std::size_t at = 0; at < program.size(); ++at) {
    const auto& step = program[at];
    const auto jump = [&](bool taken) { at += taken ? step.jump_true : step.jump_false; };
    switch (step.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        if (step.operand + 4 > sizeof data) return std::nullopt;
        std::memcpy(&a, reinterpret_cast<const char*>(&data) + step.operand, 4);
        break;
      case BPF_ALU | BPF_AND | BPF_K:
        a &= step.operand;
        break;
      case BPF_JMP | BPF_JA:
        at += step.operand;
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
        jump(a == step.operand);
        break;
      case BPF_JMP | BPF_JGE | BPF_K:
        jump(a >= step.operand);
        break;
      case BPF_JMP | BPF_JGT | BPF_K:
        jump(a > step.operand);
        break;
      case BPF_JMP | BPF_JSET | BPF_K:
        jump((a & step.operand) != 0);
        break;
      case BPF_RET | BPF_K:
        return step.operand;
      default:
        return std::nullopt;
    }
  }
  return std::nullopt;
}

struct Target {
  Machine machine;
  std::uint32_t audit;
  std::uint32_t seccomp;
};

class Filter : public ::testing::TestWithParam<Target> {
 protected:
  static SyscallFilter compile(const Profile& profile) {
    return SyscallFilter::compile(profile.syscalls, GetParam().machine).value();
  }
  static std::uint32_t verdict(const SyscallFilter& filter, int number,
                               std::initializer_list<std::uint64_t> arguments = {}) {
    seccomp_data data{};
    data.nr = number;
    data.arch = GetParam().audit;
    std::ranges::copy(arguments, data.args);
    return run(filter, data).value_or(0xDEAD);
  }
  static int number_of(const char* name) {
    return ::seccomp_syscall_resolve_name_arch(GetParam().seccomp, name);
  }
};

TEST_P(Filter, NotifiesOfEveryCallButThree) {
  const auto filter = compile(built_in_profile("strict").value());
  std::set<int> allowed;
  for (int number = -1; number < 2000; ++number)
    if (const auto what = verdict(filter, number); what == SECCOMP_RET_ALLOW)
      allowed.insert(number);
    else
      EXPECT_EQ(what, SECCOMP_RET_USER_NOTIF) << number;
  // With all arguments zero, futex is FUTEX_WAIT, and the clock one of those that are too fine.
  EXPECT_EQ(allowed, (std::set<int>{number_of("futex"), number_of("exit_group")}));
}

TEST_P(Filter, LetsTheClockBeReadOnlyInSteps) {
  const auto filter = compile(built_in_profile("strict").value());
  for (std::uint64_t clock = 0; clock < 64; ++clock)
    EXPECT_EQ(verdict(filter, number_of("clock_gettime"), {clock}),
              clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE
                  ? SECCOMP_RET_ALLOW
                  : SECCOMP_RET_USER_NOTIF)
        << clock;
  // Clocks of other processes, of descriptors, and what a truncated comparison would let through.
  for (const std::uint64_t clock : {~std::uint64_t{0}, ~std::uint64_t{6}, 0x1'0000'0005U * 1UL})
    EXPECT_EQ(verdict(filter, number_of("clock_gettime"), {clock}), SECCOMP_RET_USER_NOTIF);
}

TEST_P(Filter, NotifiesOfForeignArchitectures) {
  const auto filter = compile(built_in_profile("strict").value());
  for (const std::uint32_t arch : {0U + AUDIT_ARCH_I386, 0U + AUDIT_ARCH_ARM, 0U}) {
    seccomp_data data{};
    data.nr = number_of("exit_group");
    data.arch = arch;
    EXPECT_EQ(run(filter, data), SECCOMP_RET_USER_NOTIF) << arch;
  }
  // x32: the native architecture's tag, numbers with bit 30 set.
  if (GetParam().machine == Machine::x86_64) {
    EXPECT_EQ(verdict(filter, number_of("exit_group") | 0x40000000), SECCOMP_RET_USER_NOTIF);
  }
}

TEST_P(Filter, LetsFutexOnlyWaitAndWake) {
  const auto filter = compile(built_in_profile("strict").value());
  const std::set<std::uint64_t> good = {FUTEX_WAIT, FUTEX_WAKE, FUTEX_WAIT_BITSET,
                                        FUTEX_WAKE_BITSET};
  for (std::uint64_t operation = 0; operation < 32; ++operation)
    for (const std::uint64_t modifier : {0U, 0U + FUTEX_PRIVATE_FLAG, 0U + FUTEX_CLOCK_REALTIME})
      EXPECT_EQ(verdict(filter, number_of("futex"), {0, operation | modifier}),
                good.contains(operation) ? SECCOMP_RET_ALLOW : SECCOMP_RET_USER_NOTIF)
          << operation << " " << modifier;
}

TEST_P(Filter, LetsCloneOnlyForkAndWait) {
  Profile profile = built_in_profile("strict").value();
  ASSERT_TRUE(grant(profile, ForkPerRequestPower{}).has_value());
  const auto filter = compile(profile);
  EXPECT_EQ(verdict(filter, number_of("clone"), {CLONE_VFORK | SIGCHLD}), SECCOMP_RET_ALLOW);
  for (const std::uint64_t flags :
       {std::uint64_t{SIGCHLD}, std::uint64_t{CLONE_VFORK}, std::uint64_t{0},
        std::uint64_t{CLONE_VFORK | CLONE_VM | SIGCHLD},
        std::uint64_t{CLONE_VFORK | CLONE_NEWUSER | SIGCHLD},
        std::uint64_t{CLONE_VFORK | CLONE_THREAD | SIGCHLD},
        (std::uint64_t{1} << 32U) | CLONE_VFORK | SIGCHLD})
    EXPECT_EQ(verdict(filter, number_of("clone"), {flags}), SECCOMP_RET_USER_NOTIF) << flags;
  EXPECT_EQ(verdict(filter, number_of("clone3")), SECCOMP_RET_USER_NOTIF);
}

TEST_P(Filter, NeverLetsADeviceBeMappedForExecution) {
  Profile profile = built_in_profile("strict").value();
  ASSERT_TRUE(grant(profile, DeviceNodePower{"/dev/x"}).has_value());
  const auto filter = compile(profile);
  EXPECT_EQ(verdict(filter, number_of("mmap"), {0, 4096, 3}), SECCOMP_RET_ALLOW);
  EXPECT_EQ(verdict(filter, number_of("mmap"), {0, 4096, 5}), SECCOMP_RET_USER_NOTIF);
}

INSTANTIATE_TEST_SUITE_P(
    Machines, Filter,
    ::testing::Values(Target{Machine::x86_64, AUDIT_ARCH_X86_64, SCMP_ARCH_X86_64},
                      Target{Machine::aarch64, AUDIT_ARCH_AARCH64, SCMP_ARCH_AARCH64}),
    [](const auto& target) {
      return target.param.machine == Machine::x86_64 ? "x86_64" : "aarch64";
    });

TEST(FilterCompiler, RefusesCallsThatDoNotExist) {
  const auto filter = SyscallFilter::compile({{"make_coffee", Condition::none}});
  ASSERT_FALSE(filter.has_value());
  EXPECT_EQ(filter.error().code, "SBX-CAGE-FILTER");
}

}  // namespace
}  // namespace vedette::inference::sandbox
