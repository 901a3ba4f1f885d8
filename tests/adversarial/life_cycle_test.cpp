// Deaths: of the worker, of the agent, of the thread that started it.
#include <csignal>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"
#include "testing/onnx_writer.h"

#include "sandbox_fixture.h"

namespace vedette::inference {
namespace {

using namespace testing;
using std::chrono_literals::operator""ms;

bool exists(int pid) {
  return ::kill(pid, 0) == 0;
}

// Kills `victim` while a call that never ends is under way; gives what the call said.
std::string code_when_killed(WorkerProcess& worker, int victim) {
  std::thread killer([victim] {
    std::this_thread::sleep_for(100ms);
    ::kill(victim, SIGKILL);
  });
  const Tensor input = floats("x", {1});
  const auto begin = std::chrono::steady_clock::now();
  const auto outputs = worker.infer(std::span(&input, 1), 30000ms);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5000ms);
  killer.join();
  return code_of(outputs);
}

TEST(LifeCycle, WorkerKilledInACallIsAnErrorNotAHang) {
  const auto worker = start(endless_loop_model());
  ASSERT_TRUE(worker.has_value()) << describe(worker.error());
  const int inner = (*worker)->pid();
  ASSERT_GT(inner, 0);
  EXPECT_EQ(code_when_killed(**worker, inner), "SBX-WORKER-DIED");
  EXPECT_FALSE((*worker)->alive());
}

TEST(LifeCycle, ZygoteKilledInACallTakesItsWorkersAlongAndIsStartedAgain) {
  const auto own = WorkerSpawner::start({worker_path(), posture()}).value();
  const auto worker = WorkerProcess::start(*own, settings(), sealed(endless_loop_model()).fd());
  ASSERT_TRUE(worker.has_value()) << describe(worker.error());
  const int pid = (*worker)->pid();
  const int zygote = own->zygote_pid();
  EXPECT_EQ(code_when_killed(**worker, zygote), "SBX-WORKER-DIED");
  EXPECT_TRUE(eventually([pid] { return !exists(pid); }));
  const auto next = WorkerProcess::start(*own, settings(), sealed(add_model()).fd());
  ASSERT_TRUE(next.has_value()) << describe(next.error());
  EXPECT_NE(own->zygote_pid(), zygote);
}

TEST(LifeCycle, KillFromAnotherThreadEndsTheCall) {
  const auto worker = start(endless_loop_model());
  ASSERT_TRUE(worker.has_value()) << describe(worker.error());
  std::thread killer([&worker] {
    std::this_thread::sleep_for(100ms);
    (*worker)->kill();
    (*worker)->kill();
  });
  const Tensor input = floats("x", {1});
  EXPECT_EQ(code_of((*worker)->infer(std::span(&input, 1), 30000ms)), "SBX-WORKER-DIED");
  killer.join();
  EXPECT_FALSE((*worker)->alive());
}

TEST(LifeCycle, WorkerThatDiedIdleIsNoticed) {
  const auto worker = start(add_model());
  ASSERT_TRUE(worker.has_value()) << describe(worker.error());
  const int inner = (*worker)->pid();
  ASSERT_TRUE((*worker)->alive());
  ::kill(inner, SIGKILL);
  EXPECT_TRUE(eventually([&worker] { return !(*worker)->alive(); }));
  const Tensor input = floats("x", {1});
  EXPECT_EQ(code_of((*worker)->infer(std::span(&input, 1), 1000ms)), "SBX-WORKER-DIED");
}

TEST(LifeCycle, DestructorsLeaveNoProcess) {
  int zygote = 0;
  int pid = 0;
  {
    const auto own = WorkerSpawner::start({worker_path(), posture()}).value();
    zygote = own->zygote_pid();
    const auto worker = WorkerProcess::start(*own, settings(), sealed(add_model()).fd());
    ASSERT_TRUE(worker.has_value()) << describe(worker.error());
    pid = (*worker)->pid();
  }
  EXPECT_FALSE(exists(zygote));
  EXPECT_FALSE(exists(pid));
}

TEST(LifeCycle, WorkerOutlivesTheThreadThatStartedIt) {
  Result<std::unique_ptr<WorkerProcess>> worker = start(add_model());
  std::thread([&worker] { worker = start(add_model()); }).join();
  ASSERT_TRUE(worker.has_value()) << describe(worker.error());
  std::this_thread::sleep_for(50ms);
  const Tensor input = floats("x", {1});
  EXPECT_EQ(refusal_of((*worker)->infer(std::span(&input, 1), 5000ms)), "");
}

TEST(LifeCycle, AgentKilledTakesItsWorkersAlong) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd read_end{ends[0]};
  UniqueFd write_end{ends[1]};
  const pid_t agent = ::fork();
  if (agent == 0) {
    const auto own = WorkerSpawner::start({worker_path(), posture()}).value();
    const auto worker = WorkerProcess::start(*own, settings(), sealed(add_model()).fd());
    const int pids[2] = {own->zygote_pid(), worker ? (*worker)->pid() : -1};
    if (::write(write_end.get(), pids, sizeof pids) != sizeof pids) ::_exit(1);
    for (;;)
      ::pause();
  }
  write_end.reset();
  int pids[2] = {-1, -1};
  ASSERT_EQ(::read(read_end.get(), pids, sizeof pids), static_cast<ssize_t>(sizeof pids));
  ASSERT_GT(pids[0], 0);
  ASSERT_TRUE(exists(pids[1]));
  ::kill(agent, SIGKILL);
  ASSERT_EQ(::waitpid(agent, nullptr, 0), agent);
  EXPECT_TRUE(eventually([&pids] { return !exists(pids[0]) && !exists(pids[1]); }));
}

TEST(LifeCycle, CallsFromManyThreadsEachGetTheirOwnAnswer) {
  const auto worker = start(add_model());
  ASSERT_TRUE(worker.has_value()) << describe(worker.error());
  std::vector<std::thread> callers;
  for (int caller = 1; caller <= 4; ++caller)
    callers.emplace_back([&worker, caller] {
      const auto value = static_cast<float>(caller);
      const Tensor input = floats("x", {value});
      for (int i = 0; i < 50; ++i) {
        const auto outputs = (*worker)->infer(std::span(&input, 1), 10000ms);
        ASSERT_TRUE(outputs.has_value()) << describe(outputs.error());
        EXPECT_EQ(outputs->at(0), floats("y", {2 * value}));
      }
    });
  for (auto& caller : callers)
    caller.join();
}

}  // namespace
}  // namespace vedette::inference
