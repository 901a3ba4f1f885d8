// What a zygote and its workers ask of the kernel while they serve, call by call; and that a worker
// whose cage could not be put up, whatever call of it failed, never serves.
#include <algorithm>
#include <fstream>
#include <ranges>
#include <set>

#include <gtest/gtest.h>
#include <unistd.h>

#include "testing/onnx_writer.h"

#include "sandbox_fixture.h"
#include "strace.h"
#include "trial.h"

namespace vedette::inference {
namespace {

using namespace testing;
using std::chrono_literals::operator""ms;

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
  static const std::vector<TracedCall> calls = [] {
    const Folder folder;
    {
      const auto own =
          WorkerSpawner::start({traced_program(folder, worker_path()), posture()}).value();
      serve_once(*own);
    }
    return read_trace(folder);
  }();
  return calls;
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
         names("/setgroups\"") || names("\"/sys/fs/cgroup/");
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

TEST_P(FailingCall, RefusesTheWorkerAndNotTheNext) {
  serve_once(hostile_spawner());
  const int zygote = hostile_spawner().zygote_pid();
  WorkerSettings how = settings();
  how.start_deadline = std::chrono::milliseconds(5000);
  {
    const Injection injection(zygote, GetParam());
    const auto worker = WorkerProcess::start(hostile_spawner(), how, sealed(add_model()).fd());
    ASSERT_FALSE(worker.has_value());
    EXPECT_TRUE(worker.error().code.starts_with("SBX-")) << describe(worker.error());
    EXPECT_NE(worker.error().code, "SBX-DEADLINE") << describe(worker.error());
  }
  serve_once(hostile_spawner());
  EXPECT_EQ(hostile_spawner().zygote_pid(), zygote);
}

// In the order of a birth and of cage.h. Each process counts its own calls.
INSTANTIATE_TEST_SUITE_P(
    OfTheCage, FailingCall,
    ::testing::Values("clone3:error=EPERM", "clone3:error=ENOSPC", "clone3:error=EAGAIN",
                      "setresgid:error=EPERM", "setresuid:error=EPERM", "memfd_create:error=EMFILE",
                      "mount:error=EPERM:when=1", "mount:error=ENOSPC:when=2",
                      "mount:error=EPERM:when=3", "chdir:error=EACCES:when=1",
                      "chdir:error=EACCES:when=2", "pivot_root:error=EINVAL", "umount2:error=EBUSY",
                      "statfs:error=EIO", "sethostname:error=EPERM", "setdomainname:error=EPERM",
                      "prctl:error=EPERM:when=1", "prctl:error=EINVAL:when=2",
                      "prctl:error=EPERM:when=3", "prctl:error=EPERM:when=4", "capset:error=EPERM",
                      "capget:error=EPERM", "landlock_create_ruleset:error=EOPNOTSUPP:when=1",
                      "landlock_create_ruleset:error=EMFILE:when=2",
                      "landlock_restrict_self:error=EPERM", "clone:error=EAGAIN",
                      "seccomp:error=EINVAL", "close_range:error=EINVAL"),
    [](const auto& what) {
      std::string name(what.param);
      std::ranges::replace_if(name, [](char c) { return c == ':' || c == '=' || c == '_'; }, 'X');
      return name;
    });

}  // namespace
}  // namespace vedette::inference
