#include "vedette/client.h"

#include <cstring>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "inference/channel/channel.h"
#include "inference/client/greeting.h"
#include "inference/line/packet.h"
#include "testing/temporary_folder.h"

namespace vedette::inference {
namespace {

using channel::ChannelShape;
using channel::HostEnd;
using channel::WorkerEnd;

constexpr std::uint64_t kSecond = 1'000'000;
constexpr ChannelShape kShape{.request_bytes = 64, .reply_bytes = 64, .slots = 1};

// Something that listens where an agent should.
class FalseAgent {
 public:
  FalseAgent() : socket_(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path_.data(), path_.size());
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address),
              0);
    EXPECT_EQ(::listen(socket_.get(), 1), 0);
  }

  [[nodiscard]] const char* path() const { return path_.c_str(); }

  // Takes one connection and its hello, and sends that welcome.
  UniqueFd answer(const Welcome& welcome, const std::vector<int>& fds) const {
    UniqueFd peer{::accept(socket_.get(), nullptr, nullptr)};
    const auto hello = receive_greeting(peer.get());
    EXPECT_TRUE(hello && parse_hello(hello->bytes));
    EXPECT_TRUE(
        send_packet(peer.get(), {reinterpret_cast<const char*>(&welcome), sizeof welcome}, fds));
    return peer;
  }

 private:
  TemporaryFolder folder_;
  std::string path_ = folder_ / "agent.sock";
  UniqueFd socket_;
};

std::string code_of_connecting(const char* path, const vedette_options* options = nullptr) {
  vedette_client* client = nullptr;
  vedette_error error{};
  const int failed = options == nullptr
                         ? vedette_connect(path, "voice", &client, &error)
                         : vedette_connect_with(path, "voice", options, &client, &error);
  vedette_close(client);
  return failed != 0 ? error.code : "";
}

std::string code_after(const Welcome& welcome, const std::vector<int>& fds,
                       const vedette_options* options = nullptr) {
  const FalseAgent agent;
  std::thread answering([&] { static_cast<void>(agent.answer(welcome, fds)); });
  std::string code = code_of_connecting(agent.path(), options);
  answering.join();
  return code;
}

TEST(Client, RefusesArgumentsThatCannotBeMeant) {
  vedette_client* client = nullptr;
  vedette_error error{};
  EXPECT_EQ(vedette_connect("/nowhere", "voice", nullptr, nullptr), -1);
  EXPECT_EQ(vedette_connect(nullptr, "voice", &client, &error), -1);
  EXPECT_STREQ(error.code, "CLIENT-ARGUMENT");
  EXPECT_EQ(vedette_connect("/nowhere", "No Name", &client, &error), -1);
  EXPECT_STREQ(error.code, "NAME-FORMAT");
  EXPECT_EQ(code_of_connecting(std::string(200, 'a').c_str()), "CLIENT-ARGUMENT");
  const vedette_options of_another_version{8, 0, 0, 0, 0};
  EXPECT_EQ(code_of_connecting("/nowhere", &of_another_version), "CLIENT-ARGUMENT");
  vedette_close(nullptr);
}

TEST(Client, SaysThatNoAgentIsThere) {
  EXPECT_EQ(code_of_connecting("/nowhere"), "CLIENT-CONNECT");
}

TEST(Client, DoesNotWaitForeverForAWelcome) {
  const FalseAgent agent;
  const vedette_options hasty{sizeof hasty, 0, 0, 0, 10'000};
  EXPECT_EQ(code_of_connecting(agent.path(), &hasty), "CLIENT-TIMEOUT");
}

TEST(Client, BelievesNoWelcomeWithoutAModelsChannel) {
  EXPECT_EQ(code_after(to_welcome(1), {}), "MEM-WELCOME");
  EXPECT_EQ(code_after(to_welcome(1), {0}), "SBX-CHANNEL");
  const auto host = HostEnd::create(kShape).value();
  EXPECT_EQ(code_after(to_welcome(1), {host->fd(), host->fd()}), "MEM-WELCOME");
  EXPECT_EQ(code_after(to_welcome(1), {host->fd()}), "MEM-WELCOME");  // nothing is loaded in it
  auto worker = WorkerEnd::attach(host->fd()).value();
  worker.loaded({});
  EXPECT_EQ(code_after(to_welcome(1), {host->fd()}), "");
  const vedette_options greedy{sizeof greedy, 0, 65, 0, 0};
  EXPECT_EQ(code_after(to_welcome(1), {host->fd()}, &greedy), "MEM-WELCOME");
}

TEST(Client, PassesTheAgentsRefusalOn) {
  EXPECT_EQ(code_after(to_welcome(Error{"MEM-BUSY", "full", "", ""}), {}), "MEM-BUSY");
}

// A client of a false agent that says it has the model x -> y (bytes), and answers one call.
class AskedClient : public testing::Test {
 protected:
  void SetUp() override {
    worker_.loaded(
        {.inputs = {{"x", DataType::uint8, {-1}}}, .outputs = {{"y", DataType::uint8, {-1}}}});
    std::thread answering([&] { lifeline_ = agent_.answer(to_welcome(1), {host_->fd()}); });
    ASSERT_EQ(vedette_connect(agent_.path(), "voice", &client_, &error_), 0) << error_.text;
    answering.join();
  }
  void TearDown() override { vedette_close(client_); }

  std::string ask(std::uint64_t timeout = 20 * kSecond) {
    const std::uint8_t byte = 5;
    vedette_input input{};
    input.type = VEDETTE_UINT8;
    input.rank = 1;
    input.dims[0] = 1;
    input.data = &byte;
    input.size = 1;
    vedette_output output{};
    const int failed = vedette_infer(client_, &input, 1, &output, 1, timeout, &error_);
    vedette_release(&output, 1);
    return failed != 0 ? error_.code : "";
  }

  FalseAgent agent_;
  std::unique_ptr<HostEnd> host_ = HostEnd::create(kShape).value();
  WorkerEnd worker_ = WorkerEnd::attach(host_->fd()).value();
  UniqueFd lifeline_;
  vedette_client* client_ = nullptr;
  vedette_error error_{};
};

TEST_F(AskedClient, RefusesInputsThatCannotBeMeant) {
  vedette_input input{};
  vedette_output output{};
  const auto code = [&](std::size_t count, std::size_t capacity) {
    EXPECT_EQ(vedette_infer(client_, &input, count, &output, capacity, kSecond, &error_), -1);
    return std::string(error_.code);
  };
  EXPECT_EQ(code(1, 1), "CLIENT-ARGUMENT");  // no type
  input.type = VEDETTE_UINT8;
  EXPECT_EQ(code(1, 0), "CLIENT-ARGUMENT");
  EXPECT_EQ(code(65, 1), "CLIENT-ARGUMENT");
  input.size = 1;
  EXPECT_EQ(code(1, 1), "CLIENT-ARGUMENT");  // no data
  input.size = 0;
  input.rank = VEDETTE_MAX_RANK + 1;
  EXPECT_EQ(code(1, 1), "CLIENT-ARGUMENT");
  input.rank = 1;
  input.index = 1;
  EXPECT_EQ(code(1, 1), "CLIENT-ARGUMENT");
  input.index = 0;
  input.dims[0] = 3;
  EXPECT_EQ(code(1, 1), "INF-DATA");
  input.type = VEDETTE_FP32;
  EXPECT_EQ(code(1, 1), "INF-INPUT");
}

TEST_F(AskedClient, GivesUpInTimeAndWhenTheAgentIsGone) {
  EXPECT_EQ(ask(10'000), "CLIENT-TIMEOUT");
  lifeline_.reset();
  EXPECT_EQ(ask(), "CLIENT-CLOSED");
  EXPECT_EQ(ask(0), "CLIENT-CLOSED");
}

TEST_F(AskedClient, IsDoneWithAnAgentThatAnswersNonsense) {
  std::thread answering([&] {
    channel::Request request;
    EXPECT_TRUE(worker_.next(request).has_value());
    worker_.reply({});  // no output
  });
  EXPECT_EQ(ask(), "SBX-REPLY");
  answering.join();
  EXPECT_EQ(ask(), "SBX-REPLY");
}

}  // namespace
}  // namespace vedette::inference
