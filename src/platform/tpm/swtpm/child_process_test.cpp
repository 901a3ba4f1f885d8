#include "platform/tpm/swtpm/child_process.h"

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/fd.h"

namespace vedette::platform {
namespace {

using namespace std::chrono_literals;

class ChildProcessTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_NE(::mkdtemp(folder_.data()), nullptr); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  [[nodiscard]] ChildCommand shell(const std::string& script) const {
    return {{"/bin/sh", "-c", script}, {"GREETING=hello"}, folder_ + "/log"};
  }
  [[nodiscard]] std::string log() const {
    const auto content = read_file(folder_ + "/log", 4096);
    return content ? std::string(as_text(*content)) : "no log";
  }

  std::string folder_ = "/tmp/vedette-child-XXXXXX";
};

TEST_F(ChildProcessTest, RefusesAProgramThatIsNotThere) {
  const auto child = ChildProcess::start({{folder_ + "/nothing"}, {}, folder_ + "/log"});
  ASSERT_FALSE(child);
  EXPECT_EQ(child.error().code, "PROCESS-START");
}

TEST_F(ChildProcessTest, RefusesAnOutputThatCannotBeWritten) {
  const auto child = ChildProcess::start({{"/bin/sh", "-c", "true"}, {}, folder_ + "/no/log"});
  ASSERT_FALSE(child);
  EXPECT_EQ(child.error().code, "PROCESS-START");
}

TEST_F(ChildProcessTest, ReportsExitStatusAndSignal) {
  auto exits = ChildProcess::start(shell("exit 7"));
  ASSERT_TRUE(exits);
  EXPECT_EQ(exits->wait_for(10s), 7);
  auto dies = ChildProcess::start(shell("kill -9 $$"));
  ASSERT_TRUE(dies);
  EXPECT_EQ(dies->wait_for(10s), 128 + SIGKILL);
}

TEST_F(ChildProcessTest, GetsOnlyTheGivenEnvironmentAndNoDescriptor) {
  const UniqueFd leak{::dup(STDERR_FILENO)};  // without O_CLOEXEC
  ASSERT_TRUE(leak.valid());
  auto child = ChildProcess::start(shell("echo $GREETING $HOME; ls /proc/self/fd | wc -l"));
  ASSERT_TRUE(child);
  EXPECT_EQ(child->wait_for(10s), 0);
  // Standard input, output, error, and the folder that ls itself holds.
  EXPECT_EQ(log(), "hello\n4\n");
}

TEST_F(ChildProcessTest, EndsTheProcessAndItsGroupWhenItsOwnerGoes) {
  pid_t id = -1;
  {
    auto child = ChildProcess::start(shell("sleep 100"));
    ASSERT_TRUE(child);
    EXPECT_EQ(child->wait_for(0s), std::nullopt);
    id = child->id();
  }
  EXPECT_EQ(::kill(id, 0), -1);
  EXPECT_EQ(errno, ESRCH);
}

}  // namespace
}  // namespace vedette::platform
