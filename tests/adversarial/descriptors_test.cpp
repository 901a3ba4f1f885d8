// What the host's /proc says of a worker in its cage.
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/fd.h"
#include "testing/onnx_writer.h"

#include "sandbox_fixture.h"

namespace vedette::inference {
namespace {

using namespace testing;
namespace fs = std::filesystem;

std::map<std::string, std::string> status_of(int pid) {
  std::map<std::string, std::string> fields;
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);)
    if (const auto colon = line.find(":\t"); colon != std::string::npos)
      fields[line.substr(0, colon)] = line.substr(colon + 2);
  return fields;
}

class CagedWorker : public ::testing::Test {
 protected:
  void SetUp() override {
    // Left open on purpose, and without close-on-exec: it must not come along.
    ASSERT_GE(leaked.get(), 0);
    auto started = start(add_model());
    ASSERT_TRUE(started.has_value()) << describe(started.error());
    worker_ = *std::move(started);
    ASSERT_GT(worker_->pid(), 0);
  }

  UniqueFd leaked{::open("/etc", O_RDONLY | O_DIRECTORY)};  // NOLINT: inherited on purpose
  std::unique_ptr<WorkerProcess> worker_;
};

TEST_F(CagedWorker, HasNoDescriptorAtAll) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may look into a worker";
  const fs::path folder = "/proc/" + std::to_string(worker_->pid()) + "/fd";
  EXPECT_EQ(std::distance(fs::directory_iterator(folder), fs::directory_iterator()), 0);
}

// It never reads a model, and holds little: two sockets and pipes, and what it watches.
TEST_F(CagedWorker, HasAZygoteWithoutPowers) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may look into a zygote";
  auto status = status_of(spawner().zygote_pid());
  EXPECT_EQ(status["NoNewPrivs"], "1");
  EXPECT_EQ(status["Threads"], "1");
  // CAP_SETGID and CAP_SETUID, to map another id into a worker's namespace.
  EXPECT_EQ(status["CapEff"], "00000000000000c0");
  EXPECT_EQ(status["CapPrm"], "00000000000000c0");
}

TEST_F(CagedWorker, SeesAnEmptyRoot) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may look into a worker";
  const fs::path root = fs::path("/proc") / std::to_string(worker_->pid()) / "root" / ".";
  EXPECT_TRUE(fs::is_empty(root));
}

TEST_F(CagedWorker, IsConfinedByEveryLayer) {
  auto status = status_of(worker_->pid());
  for (const char* set : {"CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"})
    EXPECT_EQ(status[set], "0000000000000000") << set;
  EXPECT_EQ(status["NoNewPrivs"], "1");
  EXPECT_EQ(status["Seccomp"], "2");
  EXPECT_EQ(status["Seccomp_filters"], "1");
  EXPECT_EQ(status["Threads"], "1");
  if (::geteuid() == 0) {
    EXPECT_EQ(status["Uid"], "65534\t65534\t65534\t65534");
  }
}

// Root can bound memory and tasks of the worker as a whole, wherever the hierarchies are; and what
// bounds it is said. Version 2 has a machine of its own: tests/lab/control_group_test.cpp.
TEST_F(CagedWorker, IsBoundedByAControlGroupOfItsOwn) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may make control groups here";
  std::ifstream groups("/proc/" + std::to_string(worker_->pid()) + "/cgroup");
  std::ifstream own("/proc/self/cgroup");
  const auto is_of = [](const std::string& line, const std::string& controller) {
    return line.find(":" + controller + ":") != std::string::npos;
  };
  std::string bounded_by;
  bool possible = false;
  for (std::string line; std::getline(own, line);)
    possible = possible || is_of(line, "memory") || is_of(line, "pids");
  for (std::string line; std::getline(groups, line);)
    for (const std::string controller : {"memory", "pids"})
      if (is_of(line, controller) && line.find("/vedette-") != std::string::npos)
        bounded_by += (bounded_by.empty() ? "v1 " : ", v1 ") + controller;
  if (!possible) GTEST_SKIP() << "no version 1 hierarchy bounds anything here";
  EXPECT_FALSE(bounded_by.empty());
  for (const std::string controller : {"memory", "pids"}) {
    const std::string words = "v1 " + controller;
    EXPECT_EQ(worker_->bounded_by().find(words) != std::string::npos,
              bounded_by.find(words) != std::string::npos)
        << worker_->bounded_by();
  }
}

TEST_F(CagedWorker, LivesInItsOwnNamespaces) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may look into a worker";
  for (const char* kind : {"user", "mnt", "ipc", "uts", "net", "pid"}) {
    const fs::path ours = std::string("/proc/self/ns/") + kind;
    const fs::path theirs = "/proc/" + std::to_string(worker_->pid()) + "/ns/" + kind;
    EXPECT_NE(fs::read_symlink(ours), fs::read_symlink(theirs)) << kind;
  }
}

}  // namespace
}  // namespace vedette::inference
