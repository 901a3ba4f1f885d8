// What a worker shares with others while nobody calls the kernel: memory, cores, predictors,
// clocks.
#include <algorithm>
#include <fstream>
#include <iostream>
#include <optional>
#include <thread>

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "inference/sandbox/core_words.h"
#include "inference/sandbox/processor.h"
#include "testing/onnx_writer.h"

#include "memory_pages.h"
#include "sandbox_fixture.h"

namespace vedette::inference {
namespace {

using namespace testing;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kDeadline{10'000};

Tensor turns(std::int64_t count) {
  Tensor tensor = integers("turns", {count});
  tensor.shape = {};
  return tensor;
}

// Two workers of one model, and one of another, each of which has answered.
class SharedMemory : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root may see which pages a worker has";
    const SealedModel model = sealed(add_model());
    const Tensor x = floats("x", {500});
    for (auto* worker : {&one_, &replica_}) {
      *worker = WorkerProcess::start(spawner(), settings(), model.fd()).value();
      ASSERT_TRUE((*worker)->infer(std::span(&x, 1), kDeadline).has_value());
    }
    other_ = start(counted_loop_model()).value();
    const Tensor inputs[] = {turns(3), x};
    ASSERT_TRUE(other_->infer(inputs, kDeadline).has_value());
    if (frames_of(one_->pid()).empty()) GTEST_SKIP() << "this kernel hides the frames of pages";
  }

  std::unique_ptr<WorkerProcess> one_;
  std::unique_ptr<WorkerProcess> replica_;
  std::unique_ptr<WorkerProcess> other_;
};

// Flush and reload takes a page in common. Two models have none but the program's, and what its
// zygote had before it knew of either: no page of a model, of a tensor, or of a heap in use.
TEST_F(SharedMemory, OfTwoModelsIsTheProgramAndWhatItsZygoteHad) {
  const Frames ours = frames_of(one_->pid());
  const Frames theirs = frames_of(other_->pid());
  const Frames zygote = frames_of(spawner().zygote_pid());
  std::size_t of_the_program = 0;
  std::size_t of_the_zygote = 0;
  for (const auto& [frame, region] : ours) {
    if (!theirs.contains(frame)) continue;
    EXPECT_FALSE(region.is_shared()) << region.rights << " " << region.path;
    if (region.is_of_a_program() && region.inode != "0")
      ++of_the_program;
    else if (zygote.contains(frame))
      ++of_the_zygote;
    else
      EXPECT_TRUE(is_zero_page(frame)) << std::hex << frame << " " << region.path;
  }
  std::cout << "of " << ours.size() << " pages, " << of_the_program << " of the program and "
            << of_the_zygote << " of the zygote are another model's, too\n";
  EXPECT_GT(of_the_program, 0U);
}

// The model itself, and it can only be read: how replicas share their weights.
TEST_F(SharedMemory, OfReplicasIsTheirModelAsWellAndCannotBeWritten) {
  const Frames theirs = frames_of(replica_->pid());
  std::size_t of_the_model = 0;
  for (const auto& [frame, region] : frames_of(one_->pid()))
    if (theirs.contains(frame) && region.path.starts_with("/memfd:vedette-model")) {
      EXPECT_FALSE(region.is_writable()) << region.path;
      ++of_the_model;
    }
  EXPECT_GT(of_the_model, 0U);
}

TEST_F(SharedMemory, ThatCanBeWrittenIsOneChannelForEachWorker) {
  std::vector<std::string> channels;
  for (const auto* worker : {&one_, &replica_, &other_}) {
    std::vector<Region> writable;
    for (const Region& region : regions_of((*worker)->pid()))
      if (region.is_shared() && region.is_writable()) writable.push_back(region);
    ASSERT_EQ(writable.size(), 1U);
    EXPECT_TRUE(writable[0].path.starts_with("/memfd:vedette-channel")) << writable[0].path;
    channels.push_back(writable[0].inode);
  }
  std::ranges::sort(channels);
  EXPECT_EQ(std::ranges::adjacent_find(channels), channels.end());
}

std::string status_of(int pid, const std::string& field) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(field + ":\t")) return line.substr(field.size() + 2);
  return "";
}

TEST(BranchPrediction, OfAWorkerIsKeptApart) {
  if (branch_training() != BranchTraining::separable)
    GTEST_SKIP() << "kernel and processor keep no process's predictions apart on its wish";
  const auto worker = start(add_model()).value();
  EXPECT_EQ(status_of(worker->pid(), "SpeculationIndirectBranch"), "conditional force disabled");
}

// --- Cores that run two threads.

// None where the kernel does not say.
std::optional<std::uint64_t> cookie_of(int pid) {
  std::uint64_t cookie = 0;
  if (::prctl(sandbox::kSchedCore, sandbox::kSchedCoreGet, pid, sandbox::kOfThread, &cookie) != 0)
    return std::nullopt;
  return cookie;
}

// Two processors that are one core; the same twice when there is none.
std::pair<int, int> two_threads_of_a_core() {
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    std::ifstream list("/sys/devices/system/cpu/cpu" + std::to_string(cpu) +
                       "/topology/thread_siblings_list");
    int one = 0;
    int other = 0;
    char between = 0;
    if (list >> one >> between >> other) return {one, other};
  }
  return {0, 0};
}

void bind_to(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(cpu), &set);
  ::sched_setaffinity(0, sizeof set, &set);
}

std::chrono::nanoseconds time_on_a_processor(int pid) {
  std::ifstream stat("/proc/" + std::to_string(pid) + "/schedstat");
  std::int64_t time = 0;
  stat >> time;
  return std::chrono::nanoseconds(time);
}

class Siblings : public ::testing::Test {
 protected:
  void SetUp() override {
    if (sibling_threads() != SiblingThreads::fenced)
      GTEST_SKIP() << (sibling_threads() == SiblingThreads::none
                           ? "no core of this machine runs two threads"
                           : "this kernel has no core scheduling");
  }
};

TEST_F(Siblings, HaveACookieForEachWorker) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may ask for a worker's cookie";
  const auto one = start(add_model()).value();
  const auto other = start(add_model()).value();
  for (const auto* worker : {&one, &other})
    EXPECT_NE(cookie_of((*worker)->pid()).value(), 0U);
  EXPECT_NE(cookie_of(one->pid()), cookie_of(other->pid()));
  EXPECT_EQ(cookie_of(spawner().zygote_pid()).value(), 0U);
}

// What part of a core each had, while a worker computed on one of its threads and this one on the
// other.
struct Shares {
  double worker = 0;
  double own = 0;
};

Shares shares_of_a_core(const Profile& profile) {
  const auto [theirs, ours] = two_threads_of_a_core();
  WorkerSettings how = settings();
  how.profile = profile;
  how.cpu = theirs;
  const auto worker =
      WorkerProcess::start(spawner(), how, sealed(endless_loop_model()).fd()).value();
  std::thread caller([&] {
    const Tensor x = floats("x", {0});
    EXPECT_FALSE(worker->infer(std::span(&x, 1), milliseconds(3000)).has_value());  // it is killed
  });
  Shares shares;
  std::thread([&, cpu = ours] {
    bind_to(cpu);
    std::this_thread::sleep_for(milliseconds(200));
    const auto begin = steady_clock::now();
    const auto before = time_on_a_processor(worker->pid());
    const std::clock_t own = std::clock();
    while (steady_clock::now() - begin < milliseconds(1000)) {
    }
    const std::chrono::duration<double> wall = steady_clock::now() - begin;
    const std::chrono::duration<double> used = time_on_a_processor(worker->pid()) - before;
    shares.worker = used.count() / wall.count();
    shares.own = static_cast<double>(std::clock() - own) / CLOCKS_PER_SEC / wall.count();
  }).join();
  EXPECT_TRUE(worker->alive()) << "a dead worker shares nothing";
  worker->kill();
  caller.join();
  return shares;
}

TEST_F(Siblings, AreNeverBesideAWorker) {
  Profile open = settings().profile;
  open.core_scheduling = Need::off;
  const Shares without = shares_of_a_core(open);
  const Shares with = shares_of_a_core(settings().profile);
  std::cout << "worker and stranger on one core: " << without.worker << " and " << without.own
            << " without a cookie, " << with.worker << " and " << with.own << " with one\n";
  EXPECT_GT(without.worker + without.own, 1.5);  // else this measures nothing
  EXPECT_LT(with.worker + with.own, 1.1);
  EXPECT_GT(with.worker, 0.2);  // not because it starved
}

}  // namespace
}  // namespace vedette::inference
