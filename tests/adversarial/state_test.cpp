// Death in every state of a worker's life, and set-up where something is missing: what is left is a
// refusal, a zygote that goes on, and no process.
#include <csignal>
#include <fstream>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inference/channel/channel.h"
#include "testing/onnx_writer.h"

#include "sandbox_fixture.h"
#include "trial.h"

namespace vedette::inference {
namespace {

using namespace testing;
using channel::HostEnd;
using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using std::chrono::steady_clock;

constexpr float kHonest = 500;  // names no forgery

enum class State { ordered, born, caged, loaded, answering };

std::string name_of_state(State state) {
  constexpr const char* kNames[] = {"Ordered", "Born", "Caged", "Loaded", "Answering"};
  return kNames[static_cast<std::size_t>(state)];
}

// A worker that is on its way to `state`, and stays there.
struct Doomed {
  std::unique_ptr<HostEnd> host;
  std::shared_ptr<WorkerLife> life;
};

Doomed doom(WorkerSpawner& spawner, const Profile& profile, State state) {
  const std::string moment = state == State::answering ? "answering"
                             : state == State::loaded  ? "loaded"
                                                       : "caged";
  const SpawnOrder order{profile, ModelFormat::onnx, false, -1, "sleep-for-ever@" + moment};
  Doomed one{HostEnd::create({.request_bytes = 64, .reply_bytes = 64, .slots = 1}).value(), {}};
  const SealedModel model = sealed(add_model());
  one.life = spawner.spawn(order, one.host->fd(), model.fd(), {}).value();
  if (state == State::born) {
    EXPECT_TRUE(eventually([&one] { return one.life->pid() != 0; }));
  } else if (state != State::ordered) {
    EXPECT_EQ(refusal_of(one.life->wait_caged(steady_clock::now() + 20s)), "");
  }
  if (state != State::answering) return one;
  EXPECT_TRUE(eventually([&one] { return one.host->wait_loaded(1ms) == HostEnd::Wait::answered; }));
  const auto answer = one.host->take_loaded().value();
  const Tensor input = floats("x", {1});
  const TensorView view{input.name, input.type, input.shape, input.data};
  EXPECT_TRUE(one.host->post(std::get<ModelMetadata>(answer), std::span(&view, 1)).has_value());
  return one;
}

void expect_gone(const Doomed& one) {
  const auto ending = one.life->wait_ended(steady_clock::now() + 20s);
  ASSERT_TRUE(ending.has_value());
  EXPECT_TRUE(ending->by_signal) << describe(*ending);
  EXPECT_EQ(ending->value, SIGKILL);
  const int pid = one.life->pid();
  EXPECT_TRUE(pid == 0 || eventually([pid] { return ::kill(pid, 0) != 0; }));
}

void expect_service(WorkerSpawner& spawner) {
  const auto worker = WorkerProcess::start(spawner, settings(), sealed(add_model()).fd());
  ASSERT_TRUE(worker.has_value()) << describe(worker.error());
  const Tensor input = floats("x", {kHonest});
  const auto outputs = (*worker)->infer(std::span(&input, 1), 5000ms);
  ASSERT_TRUE(outputs.has_value()) << describe(outputs.error());
  EXPECT_EQ(outputs->at(0), floats("y", {2 * kHonest}));
}

class DeathIn : public ::testing::TestWithParam<State> {};

TEST_P(DeathIn, ByTheHostLeavesNothing) {
  const int zygote = hostile_spawner().zygote_pid();
  const Doomed one = doom(hostile_spawner(), strict_profile(), GetParam());
  one.life->kill();
  expect_gone(one);
  expect_service(hostile_spawner());
  EXPECT_EQ(hostile_spawner().zygote_pid(), zygote);
}

TEST_P(DeathIn, OfTheZygoteTakesTheWorkerAlong) {
  const auto own = WorkerSpawner::start({hostile_worker_path(), posture()}).value();
  const Doomed one = doom(*own, strict_profile(), GetParam());
  ::kill(own->zygote_pid(), SIGKILL);
  expect_gone(one);
  // A zygote that is just dying may still refuse an order.
  const SealedModel model = sealed(add_model());
  EXPECT_TRUE(
      eventually([&] { return WorkerProcess::start(*own, settings(), model.fd()).has_value(); }));
  expect_service(*own);
}

INSTANTIATE_TEST_SUITE_P(EveryState, DeathIn,
                         ::testing::Values(State::ordered, State::born, State::caged, State::loaded,
                                           State::answering),
                         [](const auto& state) { return name_of_state(state.param); });

// Of all processes, when memory runs short.
TEST(ShortageOfMemory, HasTheWorkerAsItsFirstVictim) {
  const Doomed one = doom(hostile_spawner(), strict_profile(), State::loaded);
  std::ifstream file("/proc/" + std::to_string(one.life->pid()) + "/oom_score_adj");
  int score = 0;
  EXPECT_TRUE(file >> score);
  EXPECT_EQ(score, 1000);
  one.life->kill();
  expect_gone(one);
}

// --- Steps that fail. Each profile asks for something that is not there.

std::string code_with(const std::function<void(WorkerSettings&)>& change,
                      WorkerSpawner& spawner = hostile_spawner()) {
  WorkerSettings how = settings();
  change(how);
  return code_of(WorkerProcess::start(spawner, how, sealed(add_model()).fd()));
}

TEST(StepThatFails, RefusesTheWorker) {
  EXPECT_EQ(code_with([](auto& how) {
              how.profile.syscalls.push_back({"make_coffee", Condition::none});
            }),
            "SBX-CAGE-FILTER");
  EXPECT_EQ(code_with([](auto& how) {
              grant(how.profile, DeviceNodePower{"/dev/vedette-absent"}).value();
            }),
            "SBX-CAGE-ROOT");
  EXPECT_EQ(code_with([](auto& how) {
              std::erase_if(how.profile.namespaces, [](const NamespaceRule& rule) {
                return rule.kind == Namespace::mount;
              });
            }),
            "SBX-CAGE-ROOT");
  EXPECT_EQ(code_with([](auto& how) {
              std::erase_if(how.profile.namespaces,
                            [](const NamespaceRule& rule) { return rule.kind == Namespace::uts; });
              how.profile.namespaces.push_back({Namespace::uts, Need::where_present});
            }),
            "");
  EXPECT_EQ(code_with([](auto& how) {
              how.profile.limits.memory_bytes = std::uint64_t{1} << 60U;
              how.profile.cgroup = Need::off;
            }),
            "SBX-CAGE-MEMORY");
  EXPECT_EQ(code_with([](auto& how) { how.cpu = CPU_SETSIZE + 1; }), "SBX-CAGE-LIMITS");
  expect_service(hostile_spawner());
}

TEST(StepThatFails, RefusesTheWorkerOfAnOrdinaryUser) {
  const int exit = as_ordinary_user([] {
    const auto own = WorkerSpawner::start({hostile_worker_path(), posture()}).value();
    const std::string cgroup =
        code_with([](auto& how) { how.profile.cgroup = Need::required; }, *own);
    const std::string broker = code_with(
        [](auto& how) {
          std::erase_if(how.profile.namespaces,
                        [](const NamespaceRule& rule) { return rule.kind == Namespace::user; });
        },
        *own);
    std::fprintf(stderr, "%s %s\n", cgroup.c_str(), broker.c_str());
    return cgroup == "SBX-CAGE-CGROUP" && broker == "SBX-CAGE-USERNS" ? 0 : 1;
  });
  EXPECT_EQ(exit, 0);
}

TEST(WrongChannel, RefusesTheWorker) {
  const UniqueFd file{::open("/dev/null", O_RDWR | O_CLOEXEC)};
  const SealedModel model = sealed(add_model());
  const SpawnOrder order{strict_profile(), ModelFormat::onnx, false, -1, ""};
  const auto life = hostile_spawner().spawn(order, file.get(), model.fd(), {}).value();
  EXPECT_EQ(code_of(life->wait_caged(steady_clock::now() + 20s)), "SBX-CHANNEL");
}

TEST(OrderWithoutModel, RefusesTheWorker) {
  const auto host = HostEnd::create({.request_bytes = 64, .reply_bytes = 64, .slots = 1}).value();
  const SpawnOrder order{strict_profile(), ModelFormat::onnx, false, -1, ""};
  const auto life = hostile_spawner().spawn(order, host->fd(), -1, {}).value();
  EXPECT_EQ(code_of(life->wait_caged(steady_clock::now() + 20s)), "SBX-ORDER");
}

// --- Scarcity. Each runs in a process of its own, whose limits are lowered.

void limit_descriptors(rlim_t count) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = count;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// However few descriptors the host has left, it is refused or served, and then served again.
TEST(FewDescriptors, OfTheHostAreARefusalAndNoMore) {
  const int exit = as_ordinary_user([] {
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    const auto own = WorkerSpawner::start({hostile_worker_path(), posture()}).value();
    const SealedModel model = sealed(add_model());
    const auto next = static_cast<rlim_t>(UniqueFd{::dup(0)}.get());
    int refusals = 0;
    for (rlim_t spare = 0; spare < 8; ++spare) {
      limit_descriptors(next + spare);
      const auto worker = WorkerProcess::start(*own, settings(), model.fd());
      if (!worker) ++refusals;
      if (!worker && !worker.error().code.starts_with("SBX-")) return 2;
    }
    limit_descriptors(before.rlim_cur);
    if (!WorkerProcess::start(*own, settings(), model.fd())) return 3;
    return refusals > 0 ? 0 : 4;
  });
  EXPECT_EQ(exit, 0);
}

TEST(FewDescriptors, OfTheZygoteAreARefusalAndNoMore) {
  const int exit = as_ordinary_user([] {
    const SealedModel model = sealed(add_model());
    rlimit before{};
    ::getrlimit(RLIMIT_NOFILE, &before);
    int refusals = 0;
    int served = 0;
    for (rlim_t count = 4; count <= 16; count += 2) {
      const rlimit few{count, before.rlim_max};
      Result<std::unique_ptr<WorkerSpawner>> own = refuse("SBX-SPAWN", "not started yet");
      WorkerSpawner* spawner = nullptr;
      own = WorkerSpawner::start({hostile_worker_path(), posture()});
      if (own) spawner = own->get();
      if (spawner == nullptr) return 2;
      // Only the zygote's: the limit of a running process can be lowered from outside.
      if (::prlimit(spawner->zygote_pid(), RLIMIT_NOFILE, &few, nullptr) != 0) return 3;
      const auto worker = WorkerProcess::start(*spawner, settings(), model.fd());
      if (worker) ++served;
      if (!worker) ++refusals;
      if (!worker && !worker.error().code.starts_with("SBX-")) return 4;
    }
    std::fprintf(stderr, "%d refusals, %d served\n", refusals, served);
    return refusals > 0 && served > 0 ? 0 : 5;
  });
  EXPECT_EQ(exit, 0);
}

bool write_text(const char* path, std::string_view text) {
  const UniqueFd file{::open(path, O_WRONLY | O_CLOEXEC)};
  return file.valid() &&
         ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// In a child that is root of a user namespace of its own, where it may set the limits.
int as_root_of_a_namespace(const std::function<int()>& work) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return -1;
  const UniqueFd read_end{ends[0]};
  UniqueFd write_end{ends[1]};
  const long child = ::syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, nullptr, nullptr, nullptr, 0);
  if (child == 0) {
    write_end.reset();
    char mapped = 0;
    ::_exit(::read(read_end.get(), &mapped, 1) == 1 ? work() : 99);
  }
  const std::string folder = "/proc/" + std::to_string(child);
  if (write_text((folder + "/uid_map").c_str(), "0 0 65536\n") &&
      write_text((folder + "/gid_map").c_str(), "0 0 65536\n")) {
    EXPECT_EQ(::write(write_end.get(), "g", 1), 1);
  }
  write_end.reset();
  int status = 0;
  ::waitpid(static_cast<pid_t>(child), &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// The kernel says ENOSPC when a user has no namespace left.
TEST(NoSpace, ForNamespacesIsARefusal) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may map the ids that a zygote needs";
  for (const char* kind : {"user", "mnt", "pid", "net", "ipc", "uts"}) {
    const int exit = as_root_of_a_namespace([kind] {
      const auto own = WorkerSpawner::start({hostile_worker_path(), posture()});
      if (!own) return 2;
      const SealedModel model = sealed(add_model());
      if (!WorkerProcess::start(**own, settings(), model.fd())) return 3;
      const std::string limit = std::string("/proc/sys/user/max_") + kind + "_namespaces";
      if (!write_text(limit.c_str(), "0\n")) return 4;
      const auto worker = WorkerProcess::start(**own, settings(), model.fd());
      return code_of(worker) == "SBX-CAGE-USERNS" ? 0 : 5;
    });
    EXPECT_EQ(exit, 0) << kind;
  }
}

}  // namespace
}  // namespace vedette::inference
