// What is left inside the cage, seen from inside: each test enters it in a child of its own and
// tells by an exit code. The filter itself is drilled in tests/adversarial.
#include "inference/sandbox/cage.h"

#include <cerrno>
#include <csignal>
#include <cstring>

#include <dirent.h>
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
#include "inference/sandbox/steps.h"

namespace vedette::inference {
namespace {

constexpr int kRefused = 100;

Profile strict() {
  return built_in_profile("strict").value();
}
Profile without_filter() {
  Profile profile = strict();
  profile.syscall_filter = Need::off;
  if (landlock_abi() == 0) profile.landlock = Need::where_present;
  return profile;
}

// The wait status of a child that entered the cage and then ran `inside`.
template <class Inside>
int status_in_cage(const Profile& profile, Inside inside, const CageSurroundings& around = {}) {
  const pid_t child = ::fork();
  if (child == 0) {
    const auto entered = enter_cage(profile, around);
    if (!entered) {
      const std::string line = describe(entered.error()) + "\n";
      [[maybe_unused]] const ssize_t written = ::write(2, line.data(), line.size());
      ::_exit(kRefused);
    }
    ::_exit(inside());
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return status;
}

#define EXPECT_ENDED(status, code)   \
  do {                               \
    const int s = (status);          \
    EXPECT_TRUE(WIFEXITED(s)) << s;  \
    EXPECT_EQ(WEXITSTATUS(s), code); \
  } while (false)

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

TEST(Cage, PassesOnHowTheInnerProcessEnded) {
  EXPECT_ENDED(status_in_cage(without_filter(), [] { return 7; }), 7);
  const int killed =
      status_in_cage(strict(), [] { return static_cast<int>(::syscall(SYS_getppid)); });
  ASSERT_TRUE(WIFSIGNALED(killed)) << killed;
  EXPECT_EQ(WTERMSIG(killed), SIGSYS);
}

TEST(Filter, LetsWorkersWorkAndEnd) {
  EXPECT_ENDED(status_in_cage(strict(),
                              [] {
                                void* const memory =
                                    ::mmap(nullptr, 1 << 20, PROT_READ | PROT_WRITE,
                                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
                                if (memory == MAP_FAILED) return 1;
                                std::memset(memory, 1, 1 << 20);
                                return ::munmap(memory, 1 << 20) == 0 ? 0 : 2;
                              }),
               0);
}

TEST(Filter, KillsForExecutableMemory) {
  const int status = status_in_cage(strict(), [] {
    ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return 0;
  });
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGSYS);
}

TEST(Filter, KillsForAnUnneededFutexOperation) {
  const int status = status_in_cage(strict(), [] {
    static std::uint32_t word = 0;
    ::syscall(SYS_futex, &word, 6 /* FUTEX_LOCK_PI */, 0, nullptr, nullptr, 0);
    return 0;
  });
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGSYS);
}

TEST(Cage, EndsWhenTheLifelineIsCut) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  UniqueFd read_end{ends[0]};
  UniqueFd write_end{ends[1]};
  const pid_t child = ::fork();
  if (child == 0) {
    write_end.reset();
    if (!enter_cage(strict(), {.lifeline_fd = read_end.get()})) ::_exit(kRefused);
    for (;;) {
      std::uint32_t word = 0;
      ::syscall(SYS_futex, &word, 0, 0, nullptr, nullptr, 0);
    }
  }
  write_end.reset();
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_ENDED(status, 45);
}

}  // namespace
}  // namespace vedette::inference
