#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <memory>

#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "inference/sandbox/steps.h"

namespace vedette::inference::sandbox {

namespace {

struct ReleaseContext {
  void operator()(void* context) const { ::seccomp_release(context); }
};
using Context = std::unique_ptr<void, ReleaseContext>;

std::unexpected<Error> refuse_filter(std::string_view what, int error) {
  return refuse("SBX-CAGE-FILTER", "the system call filter could not be made",
                std::string(what) + ": " + std::strerror(error < 0 ? -error : error));
}

int allow(scmp_filter_ctx context, int number, const std::vector<scmp_arg_cmp>& arguments) {
  return ::seccomp_rule_add_array(context, SCMP_ACT_ALLOW, number,
                                  static_cast<unsigned>(arguments.size()), arguments.data());
}

scmp_arg_cmp masked(unsigned argument, scmp_datum_t mask, scmp_datum_t value) {
  return {argument, SCMP_CMP_MASKED_EQ, mask, value};
}

int allow_futex(scmp_filter_ctx context, int number) {
  constexpr scmp_datum_t kModifiers = FUTEX_PRIVATE_FLAG | FUTEX_CLOCK_REALTIME;
  constexpr scmp_datum_t kCommand = 0xFFFFFFFFU & ~kModifiers;
  for (const unsigned operation :
       {0U + FUTEX_WAIT, 0U + FUTEX_WAKE, 0U + FUTEX_WAIT_BITSET, 0U + FUTEX_WAKE_BITSET})
    if (const int error = allow(context, number, {masked(1, kCommand, operation)}); error != 0)
      return error;
  return 0;
}

// What fork needs, when the parent sleeps until the child ends; no sharing, no namespaces.
int allow_fork(scmp_filter_ctx context, int number) {
  return allow(context, number, {{0, SCMP_CMP_EQ, CLONE_VFORK | SIGCHLD, 0}});
}

int allow_coarse_clocks(scmp_filter_ctx context, int number) {
  for (const unsigned clock : {0U + CLOCK_REALTIME_COARSE, 0U + CLOCK_MONOTONIC_COARSE})
    if (const int error = allow(context, number, {{0, SCMP_CMP_EQ, clock, 0}}); error != 0)
      return error;
  return 0;
}

int add_rule(scmp_filter_ctx context, int number, Condition condition) {
  switch (condition) {
    case Condition::none:
      return allow(context, number, {});
    case Condition::never_executable:
      return allow(context, number, {masked(2, PROT_EXEC, 0)});
    case Condition::wait_or_wake:
      return allow_futex(context, number);
    case Condition::fork_and_wait:
      return allow_fork(context, number);
    case Condition::coarse_clocks:
      return allow_coarse_clocks(context, number);
  }
  return -EINVAL;
}

// libseccomp before 2.6 writes its program to a descriptor only.
Result<Bytes> export_program(scmp_filter_ctx context) {
  const UniqueFd memory{::memfd_create("vedette-filter", MFD_CLOEXEC)};
  if (!memory.valid()) return refuse_filter("memfd_create", errno);
  if (const int error = ::seccomp_export_bpf(context, memory.get()); error != 0)
    return refuse_filter("seccomp_export_bpf", error);
  const off_t size = ::lseek(memory.get(), 0, SEEK_END);
  if (size <= 0) return refuse_filter("lseek", errno);
  Bytes program(static_cast<std::size_t>(size));
  if (::pread(memory.get(), program.data(), program.size(), 0) != size)
    return refuse_filter("pread", errno);
  return program;
}

// The program for `machine` alone.
int choose_architecture(scmp_filter_ctx context, Machine machine) {
  if (machine == Machine::native) return 0;
  const std::uint32_t wanted = machine == Machine::x86_64 ? SCMP_ARCH_X86_64 : SCMP_ARCH_AARCH64;
  if (wanted == ::seccomp_arch_native()) return 0;
  if (const int error = ::seccomp_arch_add(context, wanted); error != 0) return error;
  return ::seccomp_arch_remove(context, SCMP_ARCH_NATIVE);
}

Result<void> add_rules(scmp_filter_ctx context, const std::vector<SyscallRule>& rules) {
  for (const SyscallRule& rule : rules) {
    // Numbers are those of the machine at hand; libseccomp translates them.
    const int number = ::seccomp_syscall_resolve_name(rule.name.c_str());
    if (number < 0) return refuse_filter(rule.name, EINVAL);
    if (const int error = add_rule(context, number, rule.condition); error != 0)
      return refuse_filter(rule.name, error);
  }
  return {};
}

}  // namespace

Result<SyscallFilter> SyscallFilter::compile(const std::vector<SyscallRule>& rules,
                                             Machine machine) {
  static_assert(sizeof(Instruction) == sizeof(sock_filter));
  const Context context{::seccomp_init(SCMP_ACT_NOTIFY)};
  if (!context) return refuse_filter("seccomp_init", ENOMEM);
  if (const int error = ::seccomp_attr_set(context.get(), SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_NOTIFY);
      error != 0)
    return refuse_filter("SCMP_FLTATR_ACT_BADARCH", error);
  if (const int error = choose_architecture(context.get(), machine); error != 0)
    return refuse_filter("architecture", error);
  VEDETTE_CHECK(add_rules(context.get(), rules));
  VEDETTE_TRY(const Bytes program, export_program(context.get()));
  if (program.size() % sizeof(Instruction) != 0 ||
      program.size() / sizeof(Instruction) > BPF_MAXINSNS)
    return refuse_filter("program size", EINVAL);
  SyscallFilter filter;
  filter.program_.resize(program.size() / sizeof(Instruction));
  std::memcpy(filter.program_.data(), program.data(), program.size());
  return filter;
}

Result<int> SyscallFilter::install() const {
  // SECCOMP_FILTER_FLAG_TSYNC_ESRCH, Linux 5.7: TSYNC and a listener together.
  constexpr unsigned kSynchronised = SECCOMP_FILTER_FLAG_TSYNC | (1U << 4U);
  const sock_fprog program{
      static_cast<unsigned short>(program_.size()),
      // NOLINTNEXTLINE(*-const-cast): the kernel only reads it
      reinterpret_cast<sock_filter*>(const_cast<Instruction*>(program_.data()))};
  const long listener = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                                  SECCOMP_FILTER_FLAG_NEW_LISTENER | kSynchronised, &program);
  if (listener < 0)
    return refuse("SBX-CAGE-FILTER", "the kernel refused the system call filter",
                  errno_text("seccomp"));
  return static_cast<int>(listener);
}

}  // namespace vedette::inference::sandbox
