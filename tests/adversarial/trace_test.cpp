// What a zygote and its workers ask of the kernel while they serve, call by call; and that a worker
// whose cage could not be put up, whatever call of it failed, never serves.
#include <algorithm>
#include <cerrno>
#include <fstream>
#include <ranges>
#include <set>

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "testing/onnx_writer.h"

#include "sandbox_fixture.h"
#include "strace.h"
#include "trial.h"

namespace vedette::inference {
namespace {

using namespace testing;
using std::chrono_literals::operator""ms;  // NOLINT(misc-unused-using-decls): it is used

void serve_once(WorkerSpawner& spawner) {
  const auto worker = WorkerProcess::start(spawner, settings(), sealed(add_model()).fd());
  ASSERT_TRUE(worker.has_value()) << describe(worker.error());
  for (int i = 0; i < 3; ++i) {
    const Tensor input = floats("x", {500});  // names no forgery
    const auto outputs = (*worker)->infer(std::span(&input, 1), 10'000ms);
    ASSERT_TRUE(outputs.has_value()) << describe(outputs.error());
  }
}

// The whole life of a zygote and one worker.
const std::vector<TracedCall>& trace() {
  static const std::vector<TracedCall> kCalls = [] {
    const Folder folder;
    {
      const auto own =
          WorkerSpawner::start({traced_program(folder, worker_path()), posture()}).value();
      serve_once(*own);
    }
    return read_trace(folder);
  }();
  return kCalls;
}

class WholeRun : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!has_strace()) GTEST_SKIP();
    ASSERT_GT(trace().size(), 100U);
  }
};

TEST_F(WholeRun, MakesNoSocket) {
  const std::set<std::string> sockets{"socket", "socketpair", "connect", "bind", "sendto"};
  for (const TracedCall& call : trace())
    EXPECT_FALSE(sockets.contains(call.name)) << call.line;
}

// What makes a worker, and nothing that a model could name.
bool is_expected_path(const std::string& line) {
  const auto names = [&line](std::string_view part) { return line.contains(part); };
  return names("/oom_score_adj\"") || names("/uid_map\"") || names("/gid_map\"") ||
         names("/setgroups\"") || names("\"/sys/fs/cgroup/") ||
         names("\"/sys/devices/system/cpu/smt/active\"");
}

TEST_F(WholeRun, OpensNoPathAfterItsFirstOrder) {
  const auto first = std::ranges::find(trace(), std::string("recvmsg"), &TracedCall::name);
  ASSERT_NE(first, trace().end());
  for (const TracedCall& call : std::ranges::subrange(first, trace().end()))
    if (call.name.starts_with("open")) {
      EXPECT_TRUE(is_expected_path(call.line)) << call.line;
    }
}

TEST_F(WholeRun, AsksForThreeCallsAfterItsFilter) {
  const auto filtered = std::ranges::find_if(trace(), [](const TracedCall& call) {
    return call.name == "seccomp" && call.line.contains("NEW_LISTENER") &&
           call.line.contains("len=");
  });
  ASSERT_NE(filtered, trace().end());
  const std::set<std::string> permitted{"futex", "clock_gettime", "exit_group"};
  std::size_t seen = 0;
  for (const TracedCall& call : std::ranges::subrange(filtered + 1, trace().end())) {
    if (call.pid != filtered->pid) continue;
    ++seen;
    EXPECT_TRUE(permitted.contains(call.name)) << call.line;
  }
  EXPECT_GT(seen, 0U);
}

// --- Every step of the cage fails once.

class FailingCall : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root may trace a zygote";
    if (!has_strace()) GTEST_SKIP();
  }
};

// The code with which a worker is refused while a call is tampered with; empty when it starts.
std::string refusal_under(const char* tampering, const WorkerSettings& how) {
  const Injection injection(hostile_spawner().zygote_pid(), tampering);
  return code_of(WorkerProcess::start(hostile_spawner(), how, sealed(add_model()).fd()));
}

WorkerSettings impatient() {
  WorkerSettings how = settings();
  how.start_deadline = std::chrono::milliseconds(5000);
  return how;
}

TEST_P(FailingCall, RefusesTheWorkerAndNotTheNext) {
  serve_once(hostile_spawner());
  const int zygote = hostile_spawner().zygote_pid();
  WorkerSettings how = impatient();
  // The filter of the built-in rules is inherited; that of a power is compiled in the worker.
  if (std::string_view(GetParam()).starts_with("memfd_create")) {
    ASSERT_TRUE(grant(how.profile, ForkPerRequestPower{}).has_value());
  }
  const std::string code = refusal_under(GetParam(), how);
  EXPECT_TRUE(code.starts_with("SBX-")) << code;
  EXPECT_NE(code, "SBX-DEADLINE");
  serve_once(hostile_spawner());
  EXPECT_EQ(hostile_spawner().zygote_pid(), zygote);
}

// In the order of a birth and of cage.h. Each process counts its own calls. A kernel that says it
// gave a cookie for the core, and has none to show, is not believed (retval=0); one that refuses
// the cookie is core_sharing_test's business, and so is the clock.
INSTANTIATE_TEST_SUITE_P(
    OfTheCage, FailingCall,
    ::testing::Values(
        "clone3:error=EPERM", "clone3:error=ENOSPC", "clone3:error=EAGAIN", "setresgid:error=EPERM",
        "setresuid:error=EPERM", "memfd_create:error=EMFILE", "mount:error=EPERM:when=1",
        "mount:error=ENOSPC:when=2", "mount:error=EPERM:when=3", "chdir:error=EACCES:when=1",
        "chdir:error=EACCES:when=2", "pivot_root:error=EINVAL", "umount2:error=EBUSY",
        "statfs:error=EIO", "sethostname:error=EPERM", "setdomainname:error=EPERM",
        "prctl:retval=0:when=1", "prctl:error=EPERM:when=2", "prctl:error=EPERM:when=3",
        "prctl:error=EPERM:when=4", "prctl:error=EPERM:when=5", "prctl:error=EPERM:when=6",
        "prctl:error=EPERM:when=7", "prctl:error=EPERM:when=8", "capset:error=EPERM",
        "capget:error=EPERM", "landlock_create_ruleset:error=EOPNOTSUPP:when=1",
        "landlock_create_ruleset:error=EMFILE:when=2", "landlock_restrict_self:error=EPERM",
        "clone:error=EAGAIN", "seccomp:error=EINVAL", "close_range:error=EINVAL"),
    [](const auto& what) {
      std::string name(what.param);
      std::ranges::replace_if(name, [](char c) { return c == ':' || c == '=' || c == '_'; }, 'X');
      return name;
    });

// A kernel without core scheduling that does not say whether its cores run two threads either: the
// file that would say so reads as empty.
TEST(SilentKernel, IsNotTakenForOneWithoutSiblings) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may trace a zygote";
  if (!has_strace()) GTEST_SKIP();
  constexpr int kSchedCore = 62;  // PR_SCHED_CORE
  if (::prctl(kSchedCore, 0, 0, 0, 0) == 0 || errno != EINVAL)
    GTEST_SKIP() << "this kernel has core scheduling";
  if (posture() == Posture::without_core_scheduling)
    GTEST_SKIP() << "cores of this machine run two threads, and it says so";
  constexpr const char* kSaysNothing = "pread64:retval=0:when=1";
  serve_once(hostile_spawner());
  EXPECT_EQ(refusal_under(kSaysNothing, impatient()), "SBX-CAGE-CORE");
  WorkerSettings declared = impatient();
  declared.profile.core_scheduling = Need::where_present;
  EXPECT_EQ(refusal_under(kSaysNothing, declared), "");
}

// --- What other kernels answer when a worker asks for a core of its own.

class OfferedCookie : public FailingCall {};

// Of "Given": the same words with an empty cookie, so that a machine which needs none cannot pass.
TEST(EmptyCookie, IsNone) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may trace a zygote";
  if (!has_strace()) GTEST_SKIP();
  serve_once(hostile_spawner());
  EXPECT_EQ(refusal_under("prctl:retval=0:poke_exit=@arg5=00:when=1..2", impatient()),
            "SBX-CAGE-CORE");
  serve_once(hostile_spawner());
}

TEST_P(OfferedCookie, IsEnough) {
  serve_once(hostile_spawner());
  const Injection injection(hostile_spawner().zygote_pid(), GetParam());
  serve_once(hostile_spawner());
}

// One that is given, and can be shown; and word that no core runs two threads.
INSTANTIATE_TEST_SUITE_P(OfTheKernel, OfferedCookie,
                         ::testing::Values("prctl:retval=0:poke_exit=@arg5=01:when=1..2",
                                           "prctl:error=ENODEV:when=1"),
                         [](const auto& what) {
                           return std::string_view(what.param).contains("ENODEV") ? "NoSiblings"
                                                                                  : "Given";
                         });

}  // namespace
}  // namespace vedette::inference
