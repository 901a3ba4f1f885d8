// What is left inside the cage, seen from inside: each test enters it in a child of its own and
// tells by an exit code. Whole workers in their cages are attacked in tests/adversarial.
#include "inference/sandbox/cage.h"

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/capability.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "inference/policy/posture.h"
#include "testing/cage_scene.h"

namespace vedette::inference {
namespace {

Profile strict() {
  return strict_cage();
}
Profile without_filter() {
  return cage_without_filter();
}

TEST(Cage, IsRefusedForAnUnknownSystemCall) {
  Profile profile = strict();
  profile.syscalls.push_back({"make_coffee", Condition::none});
  const auto entered = enter_cage(profile, {});
  ASSERT_FALSE(entered.has_value());
  EXPECT_EQ(entered.error().code, "SBX-CAGE-FILTER");
}

TEST(Cage, LeavesAnOrdinaryUserInAnEmptyRoot) {
  EXPECT_ENDED(status_in_cage(without_filter(),
                              [] {
                                if (::getuid() != 1000 || ::getegid() != 1000) return 1;
                                if (::getpid() != 1) return 2;
                                char cwd[8] = {};
                                if (::getcwd(cwd, sizeof cwd) == nullptr) return 3;
                                if (std::strcmp(cwd, "/") != 0) return 4;
                                if (::access("/proc", F_OK) == 0 || ::access("/etc", F_OK) == 0)
                                  return 5;
                                if (::mkdir("/x", 0700) == 0) return 6;
                                if (::chdir("..") != 0 || ::access("etc", F_OK) == 0) return 7;
                                return 0;
                              }),
               0);
}

TEST(Cage, LeavesNoDescriptorAndGivesNone) {
  EXPECT_ENDED(status_in_cage(without_filter(),
                              [] {
                                for (int fd = 0; fd < 4096; ++fd)
                                  if (::fcntl(fd, F_GETFD) >= 0) return 1;
                                if (::socket(AF_INET, SOCK_STREAM, 0) >= 0 || errno != EMFILE)
                                  return 2;
                                if (::memfd_create("x", 0) >= 0) return 3;
                                return 0;
                              }),
               0);
}

TEST(Cage, LeavesNoCapabilityAndNoWayToOne) {
  EXPECT_ENDED(status_in_cage(without_filter(),
                              [] {
                                __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
                                __user_cap_data_struct sets[2];
                                if (::syscall(SYS_capget, &header, sets) != 0) return 1;
                                for (const auto& set : sets)
                                  if ((set.effective | set.permitted | set.inheritable) != 0)
                                    return 2;
                                for (unsigned long cap = 0; cap < 40; ++cap)
                                  if (::prctl(PR_CAPBSET_READ, cap, 0, 0, 0) != 0) return 3;
                                if (::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1) return 4;
                                if (::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0) return 5;
                                if (::mount("none", "/", "tmpfs", 0, nullptr) == 0) return 6;
                                int signal = 0;
                                if (::prctl(PR_GET_PDEATHSIG, &signal) != 0) return 7;
                                return signal == SIGKILL ? 0 : 8;
                              }),
               0);
}

TEST(Cage, EmptiesTheHostName) {
  EXPECT_ENDED(status_in_cage(without_filter(),
                              [] {
                                utsname names{};
                                if (::uname(&names) != 0) return 1;
                                return names.nodename[0] == '\0' && names.domainname[0] == '\0' ? 0
                                                                                                : 2;
                              }),
               0);
}

TEST(Cage, ForbidsProcessesAndBoundsMemory) {
  EXPECT_ENDED(
      status_in_cage(without_filter(),
                     [] {
                       const pid_t child = ::fork();
                       if (child == 0) ::_exit(0);
                       if (child > 0) return 1;
                       rlimit limit{};
                       for (const auto resource : {RLIMIT_NPROC, RLIMIT_FSIZE, RLIMIT_CORE})
                         if (::getrlimit(resource, &limit) != 0 || limit.rlim_max != 0) return 2;
                       return 0;
                     }),
      0);
}

TEST(Cage, TellsHowItsProcessEnded) {
  EXPECT_ENDED(status_in_cage(without_filter(), [] { return 7; }), 7);
  EXPECT_ENDED(status_in_cage(strict(), [] { return 7; }), 7);
}

TEST(Filter, LetsWorkersUseTheHeapThatWasReserved) {
  EXPECT_ENDED(status_in_cage(strict(),
                              [] {
                                for (std::size_t size = 1; size <= std::size_t{8} << 20U;
                                     size *= 2) {
                                  void* const memory = std::malloc(size);
                                  if (memory == nullptr) return 1;
                                  std::memset(memory, 1, size);
                                  std::free(memory);
                                }
                                return 0;
                              }),
               0);
}

TEST(Filter, EndsAWorkerWhoseHeapIsUsedUp) {
  const Fate fate = fate_in_cage(strict(), [] {
    for (;;)
      if (void* const memory = std::malloc(1 << 20)) std::memset(memory, 1, 1 << 20);
    return 0;
  });
  ASSERT_TRUE(fate.violation.has_value());
  EXPECT_TRUE(fate.violation->is_memory_shortage()) << describe(*fate.violation);
}

TEST(Filter, ReadsNumberAndArgumentsOfTheCall) {
  const Fate fate = fate_in_cage(strict(), [] {
    ::syscall(SYS_mmap, 0x10, 0x20, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1L, 0x30);
    return 0;
  });
  ASSERT_TRUE(fate.violation.has_value());
  EXPECT_EQ(fate.violation->number, SYS_mmap);
  EXPECT_EQ(fate.violation->arguments,
            (std::array<std::uint64_t, 6>{0x10, 0x20, PROT_READ | PROT_EXEC,
                                          MAP_PRIVATE | MAP_ANONYMOUS, ~std::uint64_t{0}, 0x30}));
  EXPECT_NE(fate.violation->instruction, 0U);
  EXPECT_FALSE(fate.violation->is_memory_shortage());  // executable memory is no mere shortage
}

TEST(Filter, EndsAWorkerForAnUnneededFutexOperation) {
  EXPECT_VIOLATION(fate_in_cage(strict(),
                                [] {
                                  static std::uint32_t word = 0;
                                  ::syscall(SYS_futex, &word, 6 /* FUTEX_LOCK_PI */, 0, nullptr,
                                            nullptr, 0);
                                  return 0;
                                }),
                   SYS_futex);
}

TEST(Filter, EndsAWorkerForItsOwnConfinement) {
  for (const long call : {SYS_seccomp, SYS_prctl, SYS_setrlimit, SYS_prlimit64, SYS_close})
    EXPECT_VIOLATION(fate_in_cage(strict(),
                                  [call] {
                                    ::syscall(call, 0, 0, 0, 0, 0, 0);
                                    return 0;
                                  }),
                     call);
}

// A privileged zygote makes the namespaces; the worker is nobody all the same.
TEST(WithoutUserNamespace, TheWorkerIsStillNobodyInAnEmptyRoot) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can do without a user namespace";
  const Profile profile = at_posture(without_filter(), Posture::without_user_namespace);
  EXPECT_ENDED(status_in_cage(profile,
                              [] {
                                if (::getuid() != 65534 || ::geteuid() != 65534) return 1;
                                if (::access("/proc", F_OK) == 0) return 2;
                                if (::prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0) != 0) return 3;
                                if (::mount("none", "/", "tmpfs", 0, nullptr) == 0) return 4;
                                return ::setresuid(0, 0, 0) == 0 ? 5 : 0;
                              }),
               0);
}

TEST(Birth, EndsWithItsZygote) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd read_end{ends[0]};
  UniqueFd write_end{ends[1]};
  const pid_t zygote = ::fork();
  if (zygote == 0) {
    const auto line = make_line().value();
    const auto place = Birthplace::make().value();
    auto birth = Birth::give(place, strict(), nullptr);
    if (!birth) ::_exit(kRefused);
    if (birth->is_child()) {
      // Closed with the rest by the cage; the parent's copy goes with the parent.
      if (!enter_cage(strict(), {line.other.get(), birth->alive_fd(), 0})) ::_exit(kRefused);
      for (std::uint32_t word = 0;;)
        ::syscall(SYS_futex, &word, 0, 0, nullptr, nullptr, 0);
    }
    const auto caged = receive_report(line.one.get(), true);
    const pid_t pid = caged && caged->report.kind == ReportKind::caged ? birth->pid() : -1;
    [[maybe_unused]] const ssize_t told = ::write(write_end.get(), &pid, sizeof pid);
    ::pause();
  }
  write_end.reset();
  pid_t worker = -1;
  ASSERT_EQ(::read(read_end.get(), &worker, sizeof worker), static_cast<ssize_t>(sizeof worker));
  ASSERT_GT(worker, 0);
  const UniqueFd process{static_cast<int>(::syscall(SYS_pidfd_open, worker, 0))};
  ASSERT_TRUE(process.valid());
  ::kill(zygote, SIGKILL);
  ASSERT_EQ(::waitpid(zygote, nullptr, 0), zygote);
  pollfd watched{process.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&watched, 1, 10'000), 1);
}

}  // namespace
}  // namespace vedette::inference
