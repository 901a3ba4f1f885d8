#include "agent/memory_api.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <optional>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

#include "agent/memory_fixture.h"
#include "inference/channel/futex.h"

#include "vedette/client.hpp"

namespace vedette::agent {
namespace {

using inference::DataType;
using inference::IndexedTensor;
using inference::ModelMetadata;
using inference::Tensor;
using inference::TensorView;
using inference::channel::HostEnd;
using std::chrono::milliseconds;
using std::chrono::seconds;

// An application that writes what it likes into the ring.
class HostileClient {
 public:
  explicit HostileClient(const std::string& path)
      : raw_(raw_client(path)),
        end_(HostEnd::attach(UniqueFd{::dup(raw_.channel.get())}).value()),
        mapping_(inference::channel::Mapping::map(raw_.channel.get(),
                                                  inference::channel::channel_size(end_->shape()))
                     .value()) {}

  HostEnd& end() { return *end_; }
  inference::channel::Slot slot(std::uint32_t number) {
    return mapping_.request(end_->shape(), number);
  }
  void post_by_hand(std::uint32_t number) {
    auto& control = mapping_.control();
    inference::channel::publish(control.posted, number, control.worker_sleeps);
  }
  // The first reply, read as it lies there.
  Result<inference::channel::Reply> first_reply() {
    auto& control = mapping_.control();
    while (inference::channel::load(control.answered) == 0)
      std::this_thread::yield();
    inference::channel::Reply reply;
    VEDETTE_CHECK(
        inference::channel::read_reply(mapping_.reply(end_->shape(), 1), 1, echo_model(), reply));
    return reply;
  }

 private:
  RawClient raw_;
  std::unique_ptr<HostEnd> end_;
  inference::channel::Mapping mapping_;
};

// Posts by a model of the client's own imagination; gives the code of the refusal.
std::string code_for(HostileClient& client, const ModelMetadata& imagined,
                     std::span<const TensorView> inputs) {
  const auto number = client.end().post(imagined, inputs);
  if (!number) return "not posted: " + number.error().code;
  while (client.end().wait(*number, milliseconds(100)) == HostEnd::Wait::not_yet) {
  }
  inference::channel::Reply reply;
  if (!client.end().take(*number, echo_model(), reply)) return "malformed";
  return reply.refused ? reply.refusal.code : "";
}

TEST_F(MemoryApiTest, RefusesInputsThatTheModelDoesNotDeclare) {
  start();
  HostileClient client(path_);
  const Bytes data(8);
  const ModelMetadata two{.inputs = {{"x", DataType::uint8, {-1}}, {"z", DataType::uint8, {-1}}},
                          .outputs = {}};
  const TensorView second{"z", DataType::uint8, {8}, data};
  EXPECT_EQ(code_for(client, two, std::span(&second, 1)), "INF-INPUT");
  const ModelMetadata other{.inputs = {{"x", DataType::fp32, {-1}}}, .outputs = {}};
  const TensorView floats{"x", DataType::fp32, {2}, data};
  EXPECT_EQ(code_for(client, other, std::span(&floats, 1)), "INF-INPUT");
  const TensorView sound{"x", DataType::uint8, {8}, data};
  EXPECT_EQ(code_for(client, echo_model(), std::span(&sound, 1)), "");
}

TEST_F(MemoryApiTest, ARequestThatDoesNotFitIsRefusedBeforeItIsSent) {
  start();
  auto wish = wish_for("echo");
  wish.request_bytes = 64;
  const auto client = connect(path_, wish);
  ASSERT_TRUE(client.has_value());
  EXPECT_EQ(ask(**client, Bytes(65)).error().code, "SBX-REQUEST-SIZE");
  EXPECT_EQ(ask(**client, Bytes(64)).value(), Bytes(64));
}

TEST_F(MemoryApiTest, AReplyThatDoesNotFitIsRefused) {
  start();
  auto wish = wish_for("echo");
  wish.reply_bytes = 64;
  const auto client = connect(path_, wish);
  ASSERT_TRUE(client.has_value());
  EXPECT_EQ(ask(**client, Bytes(65)).error().code, "SBX-REQUEST-SIZE");
}

TEST_F(MemoryApiTest, OverlappingInputsDoNotOutgrowTheChannel) {
  limits_.request_bytes = 1024;
  MemoryService service = echo_service();
  service.describe = [](const Caller& /*caller*/, std::string_view /*model*/,
                        std::uint64_t /*release*/) -> Result<MemoryService::Model> {
    return MemoryService::Model{
        1,
        {.inputs = {{"a", DataType::uint8, {-1}}, {"b", DataType::uint8, {-1}}},
         .outputs = echo_model().outputs}};
  };
  start(service);
  HostileClient client(path_);
  const Bytes data(600);
  const std::vector<TensorView> one{{"x", DataType::uint8, {600}, data}};
  const auto slot = client.slot(1);
  ASSERT_TRUE(inference::channel::write_request(slot, 1, echo_model(), one).has_value());
  using inference::channel::TensorRecord;
  auto* const records = slot.data() + inference::channel::kRecordsOffset;
  std::copy_n(records, sizeof(TensorRecord), records + sizeof(TensorRecord));
  reinterpret_cast<TensorRecord*>(records)[1].index = 1;
  reinterpret_cast<inference::channel::SlotHeader*>(slot.data())->count = 2;
  client.post_by_hand(1);
  const auto reply = client.first_reply();
  ASSERT_TRUE(reply.has_value());
  EXPECT_EQ(reply->refusal.code, "SBX-REQUEST-SIZE");
}

TEST_F(MemoryApiTest, NonsenseInTheRingEndsTheSession) {
  start();
  HostileClient counts_wrong(path_);
  ASSERT_TRUE(comes_to(1));
  counts_wrong.post_by_hand(100);
  EXPECT_TRUE(comes_to(0));
  HostileClient posts_nothing(path_);
  ASSERT_TRUE(comes_to(1));
  posts_nothing.post_by_hand(1);
  EXPECT_TRUE(comes_to(0));
  EXPECT_TRUE(connect(path_).has_value());
}

TEST_F(MemoryApiTest, RefusesWhatTheServiceRefuses) {
  MemoryService service = echo_service();
  service.infer = [](const Caller& /*caller*/, std::string_view /*model*/,
                     std::uint64_t /*release*/,
                     std::span<const Tensor> /*inputs*/) -> Result<std::vector<Tensor>> {
    return refuse("AGT-NOT-ATTESTED", "no verdict");
  };
  start(service);
  const auto client = connect(path_);
  ASSERT_TRUE(client.has_value());
  EXPECT_EQ(ask(**client, {1}).error().code, "AGT-NOT-ATTESTED");
}

TEST_F(MemoryApiTest, SaysSoWhenTheModelHasChanged) {
  MemoryService service = echo_service();
  service.infer = [](const Caller& /*caller*/, std::string_view /*model*/,
                     std::uint64_t /*release*/,
                     std::span<const Tensor> inputs) -> Result<std::vector<Tensor>> {
    if (inputs[0].data[0] == 0) return std::vector<Tensor>{};
    return std::vector<Tensor>(inputs.begin(), inputs.end());  // named `x`
  };
  start(service);
  const auto client = connect(path_);
  ASSERT_TRUE(client.has_value());
  EXPECT_EQ(ask(**client, {0}).error().code, "MEM-MODEL-CHANGED");
  EXPECT_EQ(ask(**client, {1}).error().code, "MEM-MODEL-CHANGED");
}

// The model and the witness each look at the inputs; between the two looks the application rewrites
// its slot. It does so from within the call, so that the order is the same in every run.
TEST_F(MemoryApiTest, ModelAndWitnessSeeTheSameInputsHoweverTheApplicationRewritesThem) {
  constexpr std::size_t kSize = 4096;
  constexpr std::uint32_t kFirst = 1;
  std::optional<HostileClient> client;
  std::atomic<int> rewrites = 0;
  std::atomic<int> disagreements = 0;
  MemoryService service = echo_service();
  service.infer = [&](const Caller& /*caller*/, std::string_view /*model*/,
                      std::uint64_t /*release*/,
                      std::span<const Tensor> inputs) -> Result<std::vector<Tensor>> {
    const Bytes& data = inputs[0].data;
    const Bytes model_saw = data;
    const auto slot = client->slot(kFirst).subspan(inference::channel::kPayloadOffset, kSize);
    if (std::ranges::equal(slot, data)) ++rewrites;  // it is the slot that the call came from
    std::ranges::fill(slot, std::uint8_t{2});
    if (std::ranges::equal(slot, data)) --rewrites;
    if (data != model_saw) ++disagreements;  // what the witness sees
    return std::vector<Tensor>{
        {.name = "y", .type = DataType::uint8, .shape = {1}, .data = {data.front()}}};
  };
  start(service);
  client.emplace(path_);
  const Bytes data(kSize, 1);
  const TensorView input{"x", DataType::uint8, {kSize}, data};
  EXPECT_EQ(code_for(*client, echo_model(), std::span(&input, 1)), "");
  EXPECT_EQ(rewrites.load(), 1);
  EXPECT_EQ(disagreements.load(), 0);
}

TEST_F(MemoryApiTest, FourClientsAskAHundredTimesEachAtOnce) {
  start();
  std::atomic<int> right = 0;
  std::vector<std::thread> clients;
  for (std::uint8_t who = 0; who < 4; ++who)
    clients.emplace_back([&, who] {
      const auto client = connect(path_);
      for (std::uint8_t i = 0; client && i < 100; ++i)
        if (ask(**client, {who, i}) == Bytes{who, i}) ++right;
    });
  for (auto& client : clients)
    client.join();
  EXPECT_EQ(right.load(), 400);
}

TEST_F(MemoryApiTest, MoreThreadsThanPlacesShareOneClient) {
  limits_.slots = 2;
  start();
  const auto client = connect(path_);
  ASSERT_TRUE(client.has_value());
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (std::uint8_t who = 0; who < 6; ++who)
    threads.emplace_back([&, who] {
      for (std::uint8_t i = 0; i < 100; ++i)
        if (ask(**client, {who, i}) == Bytes{who, i}) ++right;
    });
  for (auto& thread : threads)
    thread.join();
  EXPECT_EQ(right.load(), 600);
}

TEST_F(MemoryApiTest, AnswersAClientInC) {
  start();
  const std::string command = VEDETTE_BIN_DIR "/client_in_c " + path_;
  const int status = std::system(command.c_str());
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST_F(MemoryApiTest, AnswersAClientInCpp) {
  start();
  try {
    const client::Model none(path_, "nothing");
    ADD_FAILURE() << "there is no such model";
  } catch (const client::Failure& failure) {
    EXPECT_EQ(failure.code(), "AGT-NO-MODEL");
  }
  client::Model model(path_, "echo");
  EXPECT_EQ(model.release(), 7U);
  EXPECT_STREQ(model.inputs()[0].name, "x");
  EXPECT_EQ(model.outputs()[0].type, VEDETTE_UINT8);
  client::Outputs outputs;
  for (const std::size_t size : {4U, 0U, 9U}) {
    const Bytes data(size, static_cast<std::uint8_t>(size));
    model.infer({client::input(0, {static_cast<std::int64_t>(size)}, data)}, outputs, seconds(20));
    ASSERT_EQ(outputs.size(), 1U);
    EXPECT_TRUE(std::ranges::equal(outputs.as<std::uint8_t>(0), data));
    EXPECT_THROW(static_cast<void>(outputs.as<float>(0)), std::invalid_argument);
  }
}

}  // namespace
}  // namespace vedette::agent
