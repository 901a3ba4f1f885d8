// Workers bounded by control groups of version 2, where a kernel has nothing else: run by
// control_group_test.sh in a virtual machine, as root and as an ordinary user.
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inference/channel/channel.h"
#include "inference/host/worker_process.h"
#include "inference/sandbox/birth.h"
#include "inference/sandbox/cgroup.h"
#include "inference/sandbox/delegation.h"
#include "testing/onnx_writer.h"

#include "../adversarial/sandbox_fixture.h"
#include "delegated_group.h"

namespace vedette::inference {
namespace {

using namespace testing;
using std::chrono_literals::operator""s;  // NOLINT(misc-unused-using-decls): it is used

constexpr unsigned kUser = 1000;
constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;

std::string in_group(const std::string& name) {
  return hierarchy() + "/" + name;
}

std::uint64_t size_of(int fd) {
  struct stat about{};
  ::fstat(fd, &about);
  return static_cast<std::uint64_t>(about.st_size);
}

// What the policy says, in whole pages, as the kernel keeps it.
CgroupBounds policy_of(const WorkerSettings& how, const SealedModel& model) {
  const auto channel = channel::HostEnd::create(how.channel).value();
  auto bounds = cgroup_bounds(how.profile, size_of(channel->fd()) + size_of(model.fd()));
  bounds.memory_bytes -= bounds.memory_bytes % 4096;
  return bounds;
}

// Complains unless the worker's group has the policy's figures, and holds that worker alone.
std::string compare_bounds(const WorkerProcess& worker, const CgroupBounds& policy) {
  const std::string group = group_of(worker.pid());
  const std::string found = group + ": memory.max " + line_of(group + "/memory.max") +
                            ", pids.max " + line_of(group + "/pids.max") + ", memory.oom.group " +
                            line_of(group + "/memory.oom.group") + ", cgroup.procs " +
                            line_of(group + "/cgroup.procs");
  std::puts(found.c_str());
  std::fflush(stdout);
  const std::string wanted = ": memory.max " + std::to_string(policy.memory_bytes) + ", pids.max " +
                             std::to_string(policy.tasks) + ", memory.oom.group 1, cgroup.procs " +
                             std::to_string(worker.pid());
  if (worker.bounded_by() != "v2 memory, v2 pids")
    return "bounded by '" + worker.bounded_by() + "'";
  return found.ends_with(wanted) ? "" : found + " instead of" + wanted;
}

std::string take() {
  const auto taken = take_delegation();
  if (!taken) return describe(taken.error());
  const std::vector<std::string> both = {"memory", "pids"};
  return taken->controllers == both ? "" : "not both controllers were offered";
}

// With a zygote of its own: the group that it is in is the one that counts.
std::string start_bounded_worker(const std::string& below) {
  const auto own = WorkerSpawner::start({worker_path(), posture()});
  if (!own) return describe(own.error());
  const SealedModel model = sealed(add_model());
  const auto worker = WorkerProcess::start(**own, settings(), model.fd());
  if (!worker) return describe(worker.error());
  if (!group_of((*worker)->pid()).starts_with(below + "/vedette-")) return "it is elsewhere";
  std::string complaint = compare_bounds(**worker, policy_of(settings(), model));
  if (!complaint.empty()) return complaint;
  const Tensor input = floats("x", {1, 2});
  const auto output = (*worker)->infer(std::span(&input, 1), 20s);
  return output && output->at(0) == floats("y", {2, 4}) ? "" : "it does not answer";
}

// As a service manager does, for the groups of its services.
void offer_controllers() {
  ASSERT_FALSE(hierarchy().empty()) << "VEDETTE_CONTROL_GROUPS names no hierarchy";
  ASSERT_TRUE(write_text(in_group("cgroup.subtree_control"), "+memory +pids"));
}

class ControlGroups : public ::testing::TestWithParam<unsigned> {
 protected:
  void SetUp() override { offer_controllers(); }
};

// --- Refusals first.

TEST_P(ControlGroups, AreLeftAloneWhereOthersAre) {
  const DelegatedGroup group(in_group("agent.service"), GetParam());
  const Lodger lodger(group.folder());
  EXPECT_EQ(run_in(group.folder(), GetParam(),
                   [&]() -> std::string {
                     const auto taken = take_delegation();
                     if (taken || taken.error().code != "SBX-GROUP-SHARED") return "not refused";
                     return group_of(::getpid()) == group.folder() ? "" : "it moved itself";
                   }),
            "");
  EXPECT_EQ(group_of(lodger.pid()), group.folder());
  EXPECT_EQ(group.line_of("cgroup.subtree_control"), "");
}

// The profile wants them where they are present, and they are not: the worker says so.
TEST_P(ControlGroups, ThatWereNotTakenBoundNothingAndSaySo) {
  const DelegatedGroup group(in_group("agent.service"), GetParam());
  EXPECT_EQ(run_in(group.folder(), GetParam(),
                   []() -> std::string {
                     const auto own = WorkerSpawner::start({worker_path(), posture()}).value();
                     const SealedModel model = sealed(add_model());
                     const auto worker = WorkerProcess::start(*own, settings(), model.fd());
                     if (!worker) return describe(worker.error());
                     if (!(*worker)->bounded_by().empty()) return (*worker)->bounded_by();
                     WorkerSettings strict = settings();
                     strict.profile.cgroup = Need::required;
                     const auto refused = WorkerProcess::start(*own, strict, model.fd());
                     return code_of(refused) == "SBX-CAGE-CGROUP" ? "" : "not refused";
                   }),
            "");
}

TEST_P(ControlGroups, ThatAreOfferedNothingAreRefused) {
  const DelegatedGroup above(in_group("above.slice"), GetParam());
  const DelegatedGroup group(above.folder() + "/agent.service", GetParam());
  EXPECT_EQ(run_in(group.folder(), GetParam(), [] { return code_of(take_delegation()); }),
            "SBX-GROUP-CONTROLLERS");
}

TEST_P(ControlGroups, ThatBelongToSomebodyElseAreRefused) {
  const DelegatedGroup group(in_group("agent.service"), 0);
  EXPECT_EQ(run_in(group.folder(), kUser, [] { return code_of(take_delegation()); }),
            "SBX-GROUP-DENIED");
  EXPECT_EQ(group.line_of("cgroup.subtree_control"), "");
}

// --- What they hold.

// Has a process born as workers are, in a group of those bounds; tells how it ended.
std::string outcome_of(const CgroupBounds& bounds, const std::function<int()>& work) {
  if (const std::string complaint = take(); !complaint.empty()) return complaint;
  const CgroupBase base(own_cgroup_plan());
  const auto group = Cgroup::make(base.plan(), "worker-1");
  if (!group) return describe(group.error());
  if (const auto bounded = (*group)->bound(bounds); !bounded) return describe(bounded.error());
  const auto place = Birthplace::make().value();
  const auto birth = Birth::give(place, strict_settings().profile, group->get());
  if (!birth) return describe(birth.error());
  if (birth->is_child()) ::_exit(work());
  int status = 0;
  ::waitpid(birth->pid(), &status, 0);
  if (WIFEXITED(status)) return "exit " + std::to_string(WEXITSTATUS(status));
  const std::string folder = base.plan().hierarchies.at(0).folder + "/worker-1";
  const std::string events = line_of(folder + "/memory.events");
  const bool by_memory = events.find("\noom_kill ") != std::string::npos &&
                         events.find("\noom_kill 0") == std::string::npos;
  return "signal " + std::to_string(WTERMSIG(status)) + (by_memory ? ", out of memory" : "");
}

int touch(std::uint64_t bytes) {
  auto* const memory = static_cast<char*>(
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  for (std::uint64_t at = 0; at < bytes; at += 4096)
    static_cast<volatile char*>(memory)[at] = 1;
  return 0;
}

int count_forks() {
  for (int forks = 0;; ++forks) {
    const pid_t child = ::fork();
    if (child < 0) return errno == EAGAIN ? forks : 99;
    if (child == 0) ::pause();  // until the first process of its namespace ends
  }
}

TEST_P(ControlGroups, KillAProcessOverItsMemory) {
  const DelegatedGroup group(in_group("agent.service"), GetParam());
  const auto with = [&](std::uint64_t bytes) {
    return run_in(group.folder(), GetParam(),
                  [bytes] { return outcome_of({64 * kMiB, 2}, [bytes] { return touch(bytes); }); });
  };
  EXPECT_EQ(with(96 * kMiB), "signal 9, out of memory");
}

TEST_P(ControlGroups, LetAProcessHaveItsMemory) {
  const DelegatedGroup group(in_group("agent.service"), GetParam());
  EXPECT_EQ(run_in(group.folder(), GetParam(),
                   [] { return outcome_of({64 * kMiB, 2}, [] { return touch(32 * kMiB); }); }),
            "exit 0");
}

TEST_P(ControlGroups, RefuseTasksBeyondTheirs) {
  for (const int forks : {1, 4}) {
    const DelegatedGroup group(in_group("agent.service"), GetParam());
    EXPECT_EQ(run_in(group.folder(), GetParam(),
                     [forks] {
                       const CgroupBounds bounds{64 * kMiB, static_cast<std::uint64_t>(forks) + 1};
                       return outcome_of(bounds, count_forks);
                     }),
              "exit " + std::to_string(forks));
  }
}

TEST_P(ControlGroups, OfAnAgentHaveItInALeafAndItsWorkerBounded) {
  const DelegatedGroup group(in_group("agent.service"), GetParam());
  EXPECT_EQ(run_in(group.folder(), GetParam(),
                   [&]() -> std::string {
                     if (const std::string complaint = take(); !complaint.empty()) return complaint;
                     if (group_of(::getpid()) != group.folder() + "/vedette-supervisor")
                       return "the agent is in " + group_of(::getpid());
                     return start_bounded_worker(group.folder());
                   }),
            "");
  EXPECT_EQ(group.line_of("cgroup.subtree_control"), "memory pids");
  EXPECT_EQ(group.line_of("cgroup.procs"), "");
}

// systemd's DelegateSubgroup= (254 and later), and an agent that is started again.
TEST_P(ControlGroups, OfAnAgentInItsLeafAreTakenAgain) {
  const DelegatedGroup group(in_group("agent.service"), GetParam());
  const std::string leaf = group.folder() + "/vedette-supervisor";
  const DelegatedGroup subgroup(leaf, GetParam());
  EXPECT_EQ(run_in(leaf, GetParam(), take), "");
  EXPECT_EQ(run_in(leaf, GetParam(),
                   [&]() -> std::string {
                     const std::string complaint = take();
                     return complaint.empty() ? start_bounded_worker(group.folder()) : complaint;
                   }),
            "");
  EXPECT_EQ(group.line_of("cgroup.subtree_control"), "memory pids");
}

TEST(RootOfControlGroups, HasNobodyMoved) {
  offer_controllers();
  ASSERT_TRUE(write_text(in_group("cgroup.subtree_control"), "-memory -pids"));
  EXPECT_EQ(run_in(hierarchy(), 0,
                   []() -> std::string {
                     if (const std::string complaint = take(); !complaint.empty()) return complaint;
                     if (group_of(::getpid()) != hierarchy() + "/") return group_of(::getpid());
                     return start_bounded_worker(hierarchy());
                   }),
            "");
}

// The heap's limit comes first, as a rule: here the group's is lowered, from outside.
TEST(WorkerOfAnOrdinaryUser, IsKilledOverItsMemory) {
  offer_controllers();
  const DelegatedGroup group(in_group("agent.service"), kUser);
  EXPECT_EQ(run_in(group.folder(), kUser,
                   []() -> std::string {
                     if (const std::string complaint = take(); !complaint.empty()) return complaint;
                     const auto own = WorkerSpawner::start({worker_path(), posture()}).value();
                     const SealedModel model = sealed(expand_model());
                     const auto worker = WorkerProcess::start(*own, settings(), model.fd());
                     if (!worker) return describe(worker.error());
                     const auto ask = [&](std::int64_t elements) {
                       const Tensor input = integers("shape", {elements});
                       return refusal_of((*worker)->infer(std::span(&input, 1), 60s));
                     };
                     // 80 MB are too many for a reply, not for the worker.
                     constexpr std::int64_t kMany = 20'000'000;
                     if (!ask(16).empty()) return ask(16);
                     if (!ask(kMany).starts_with("INF-MODEL")) return ask(kMany);
                     const std::string own_group = group_of((*worker)->pid());
                     if (!write_text(own_group + "/memory.max", std::to_string(48 * kMiB)))
                       return "memory.max cannot be lowered";
                     return ask(kMany);
                   }),
            "SBX-WORKER-DIED: the worker died (signal 9 (Killed)); start a new one");
}

INSTANTIATE_TEST_SUITE_P(OfVersion2, ControlGroups, ::testing::Values(0U, kUser),
                         [](const auto& user) { return user.param == 0 ? "Root" : "User"; });

}  // namespace
}  // namespace vedette::inference
