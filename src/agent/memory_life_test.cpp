#include <csignal>
#include <thread>

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/memory_fixture.h"

namespace vedette::agent {
namespace {

using MemoryLife = MemoryApiTest;
using std::chrono::milliseconds;
using std::chrono::seconds;

struct Pipe {
  Pipe() {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    read = UniqueFd{ends[0]};
    write = UniqueFd{ends[1]};
  }
  void tell() const { EXPECT_EQ(::write(write.get(), "x", 1), 1); }
  void await() const {
    char byte = 0;
    EXPECT_EQ(::read(read.get(), &byte, 1), 1);
  }
  UniqueFd read;
  UniqueFd write;
};

void kill_and_bury(pid_t child) {
  ::kill(child, SIGKILL);
  EXPECT_EQ(::waitpid(child, nullptr, 0), child);
}

TEST_F(MemoryLife, AnAgentThatIsKilledEndsItsCallsAtOnce) {
  const Pipe ready;
  const Pipe called;
  const pid_t agent = ::fork();
  if (agent == 0) {
    MemoryService service = echo_service();
    service.infer = [&](const Caller& /*caller*/, std::string_view /*model*/,
                        std::uint64_t /*release*/, std::span<const inference::Tensor> /*inputs*/)
        -> Result<std::vector<inference::Tensor>> {
      called.tell();
      for (;;)
        ::pause();
    };
    start(service);
    ready.tell();
    for (;;)
      ::pause();
  }
  ready.await();
  const auto client = connect(path_);
  ASSERT_TRUE(client.has_value());
  std::thread killer([&] {
    called.await();
    kill_and_bury(agent);
  });
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(ask(**client, {1}, seconds(60)).error().code, "CLIENT-CLOSED");
  EXPECT_LT(std::chrono::steady_clock::now() - before, seconds(30));
  killer.join();
  EXPECT_EQ(ask(**client, {1}).error().code, "CLIENT-CLOSED");
  EXPECT_EQ(connect(path_).error().code, "CLIENT-CONNECT");
}

TEST_F(MemoryLife, AnAgentThatStopsTellsWhoWaits) {
  Gate gate;
  start(gated_service(gate));
  const auto client = connect(path_);
  ASSERT_TRUE(client.has_value());
  std::thread stopping([&] {
    gate.await_call();
    api_.reset();
  });
  EXPECT_EQ(ask(**client, {1}, seconds(60)).error().code, "CLIENT-CLOSED");
  gate.open();
  stopping.join();
}

TEST_F(MemoryLife, AClientThatIsKilledInACallLeavesNothingBehind) {
  Gate gate;
  limits_.sessions = 2;
  start(gated_service(gate));
  const pid_t application = ::fork();
  if (application == 0) {
    const auto client = connect(path_);
    static_cast<void>(ask(**client, {1}, seconds(60)));
    ::_exit(0);
  }
  gate.await_call();
  ASSERT_TRUE(comes_to(1));
  kill_and_bury(application);
  EXPECT_EQ(api_->sessions(), 1U);  // until its call has returned
  EXPECT_TRUE(connect(path_).has_value());
  gate.open();
  EXPECT_TRUE(comes_to(0));
}

TEST_F(MemoryLife, AnIdleClientThatLeavesIsForgotten) {
  start();
  auto client = connect(path_);
  ASSERT_TRUE(client.has_value() && comes_to(1));
  client->reset();
  EXPECT_TRUE(comes_to(0));
}

TEST_F(MemoryLife, WhoTalksOnTheLifelineLosesIt) {
  start();
  const RawClient client = raw_client(path_);
  ASSERT_TRUE(comes_to(1));
  ASSERT_EQ(::send(client.lifeline.get(), "x", 1, MSG_NOSIGNAL), 1);
  EXPECT_TRUE(comes_to(0));
}

TEST_F(MemoryLife, ALateAnswerIsNotTakenForTheNext) {
  Gate gate;
  limits_.slots = 1;
  start(gated_service(gate));
  const auto client = connect(path_);
  ASSERT_TRUE(client.has_value());
  EXPECT_EQ(ask(**client, {1}, milliseconds(20)).error().code, "CLIENT-TIMEOUT");
  EXPECT_EQ(ask(**client, {2}, milliseconds(20)).error().code, "CLIENT-TIMEOUT");
  gate.open();
  EXPECT_EQ(ask(**client, {3}).value(), Bytes{3});
  api_.reset();
}

}  // namespace
}  // namespace vedette::agent
