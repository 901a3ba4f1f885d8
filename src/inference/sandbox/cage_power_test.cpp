// The cage with a power: what it adds, and that it adds no more.
#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <ctime>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "testing/cage_scene.h"

namespace vedette::inference {
namespace {

Profile forking() {
  Profile profile = strict_cage();
  EXPECT_TRUE(grant(profile, ForkPerRequestPower{}).has_value());
  return profile;
}

// For a moment the kernel may still count a child that has ended.
long fork_once() {
  constexpr timespec kMoment{.tv_sec = 0, .tv_nsec = 100'000};
  const std::uint32_t nobody_wakes = 0;
  long child = -1;
  for (int i = 0; i < 1000 && child < 0; ++i) {
    child = ::syscall(SYS_clone, CLONE_VFORK | SIGCHLD, nullptr, nullptr, nullptr, nullptr);
    if (child < 0) ::syscall(SYS_futex, &nobody_wakes, 128, 0, &kMoment, nullptr, 0);
  }
  return child;
}

TEST(ForkPerRequest, LetsAWorkerForkAgainAndAgain) {
  EXPECT_ENDED(status_in_cage(forking(),
                              [] {
                                for (int i = 0; i < 100; ++i) {
                                  const long child = fork_once();
                                  if (child == 0) ::_exit(0);
                                  if (child < 0) return 1;
                                }
                                return 0;
                              }),
               0);
}

TEST(ForkPerRequest, HoldsChildrenByTheSameFilter) {
  EXPECT_VIOLATION(fate_in_cage(forking(),
                                [] {
                                  if (fork_once() == 0) ::syscall(SYS_getpid);
                                  return 0;
                                }),
                   SYS_getpid);
}

TEST(ForkPerRequest, StopsAForkBombAtOnce) {
  void* const memory =
      ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  auto& deepest = *static_cast<std::atomic<int>*>(memory);
  EXPECT_ENDED(status_in_cage(forking(),
                              [&deepest] {
                                int generation = 0;
                                for (int i = 0; i < 3; ++i)
                                  if (fork_once() == 0)
                                    deepest = std::max(deepest.load(), ++generation);
                                return 0;
                              }),
               0);
  EXPECT_LE(deepest.load(), 2);
  ::munmap(memory, 4096);
}

TEST(DeviceNode, IsAllThatThereIsInTheRoot) {
  Profile profile = strict_cage();
  ASSERT_TRUE(grant(profile, DeviceNodePower{"/dev/zero"}).has_value());
  EXPECT_ENDED(status_in_cage(profile,
                              [] {
                                const auto open = [](const char* path, int flags) {
                                  return static_cast<int>(
                                      ::syscall(SYS_openat, AT_FDCWD, path, flags, 0600));
                                };
                                const int node = open("/dev/zero", O_RDWR);
                                if (node < 0) return 1;
                                char bytes[4] = {1, 1, 1, 1};
                                if (::read(node, bytes, 4) != 4 || bytes[0] != 0) return 2;
                                if (open("/dev/null", O_RDWR) >= 0) return 3;
                                if (open("/etc/passwd", O_RDONLY) >= 0) return 4;
                                if (open("/dev/new", O_RDWR | O_CREAT) >= 0) return 5;
                                return open("/", O_RDONLY | O_DIRECTORY) < 0 ? 0 : 6;
                              }),
               0);
}

TEST(DeviceNode, IsRefusedWhenItIsNoDevice) {
  Profile profile = strict_cage();
  ASSERT_TRUE(grant(profile, DeviceNodePower{"/dev/shm"}).has_value());
  auto line = make_line().value();
  const auto place = Birthplace::make().value();
  auto birth = Birth::give(place, profile, nullptr);
  ASSERT_TRUE(birth.has_value()) << describe(birth.error());
  if (birth->is_child()) {
    const auto entered = enter_cage(profile, {line.other.get(), birth->alive_fd(), 0});
    ::_exit(!entered && entered.error().code == "SBX-CAGE-ROOT" ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(birth->pid(), &status, 0), birth->pid());
  EXPECT_ENDED(status, 0);
}

}  // namespace
}  // namespace vedette::inference
