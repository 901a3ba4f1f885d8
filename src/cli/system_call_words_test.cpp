#include "cli/system_call_words.h"

#include <gtest/gtest.h>

namespace vedette::cli {
namespace {

std::string words(const std::string& name, const std::array<std::uint64_t, 6>& arguments) {
  return in_words({.architecture = 0xC000003E, .number = 1, .name = name, .arguments = arguments});
}

TEST(SystemCallWords, ShowEveryArgumentOfACallThatTheyDoNotKnow) {
  EXPECT_EQ(words("unknown", {1, 2, 0xFFFF'FFFF'FFFF'FFFF, 0, 0x10, 6}),
            "unknown(0x1, 0x2, 0xffffffffffffffff, 0x0, 0x10, 0x6)");
}

TEST(SystemCallWords, LeaveNumbersWhereThereIsNoName) {
  EXPECT_EQ(words("socket", {99, 15 | 0x100000, 0, 0, 0, 0}), "socket(99, 15|0x100000, 0)");
  EXPECT_EQ(words("openat", {3, 0x7000, 03 | 0x10000, 0, 0, 0}),
            "openat(3, 0x7000, 3|0x10000, 00)");
  EXPECT_EQ(words("kill", {1, 64, 0, 0, 0, 0}), "kill(1, 64)");
}

TEST(SystemCallWords, NameTheCommonestCallsAndTheirConstants) {
  EXPECT_EQ(words("socket", {2, 1, 0, 0, 0, 0}), "socket(AF_INET, SOCK_STREAM, 0)");
  EXPECT_EQ(words("socket", {10, 2 | 02000000, 17, 0, 0, 0}),
            "socket(AF_INET6, SOCK_DGRAM|SOCK_CLOEXEC, 17)");
  EXPECT_EQ(words("openat", {0xFFFF'FF9C, 0x7000, 02 | 0100 | 02000000, 0644, 0, 0}),
            "openat(AT_FDCWD, 0x7000, O_RDWR|O_CREAT|O_CLOEXEC, 0644)");
  EXPECT_EQ(words("mmap", {0, 4096, 7, 0x22, 0xFFFF'FFFF'FFFF'FFFF, 0}),
            "mmap(0x0, 4096, PROT_READ|PROT_WRITE|PROT_EXEC, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)");
  EXPECT_EQ(words("mprotect", {0x1000, 4096, 0, 0, 0, 0}), "mprotect(0x1000, 4096, PROT_NONE)");
  EXPECT_EQ(words("clone", {0x100 | 0x4000 | 17, 0, 0, 0, 0, 0}),
            "clone(CLONE_VM|CLONE_VFORK|SIGCHLD, 0x0, 0x0, 0x0, 0x0)");
  EXPECT_EQ(words("unshare", {0x10000000, 0, 0, 0, 0, 0}), "unshare(CLONE_NEWUSER)");
  EXPECT_EQ(words("ptrace", {16, 1, 0, 0, 0, 0}), "ptrace(PTRACE_ATTACH, 1, 0x0, 0x0)");
  EXPECT_EQ(words("kill", {0xFFFF'FFFF'FFFF'FFFF, 9, 0, 0, 0, 0}), "kill(-1, SIGKILL)");
  EXPECT_EQ(words("execve", {0x1000, 0x2000, 0, 0, 0, 0}), "execve(0x1000, 0x2000, 0x0)");
  EXPECT_EQ(words("fork", {1, 2, 3, 4, 5, 6}), "fork()");
}

}  // namespace
}  // namespace vedette::cli
