// The host reads while another process writes at random into everything that it reads: metadata,
// replies, bells. Whatever it accepts must be well formed in its own copy. Built for sanitizers:
// the mutator is a process and not a thread, so that they watch the host alone.
#include <algorithm>
#include <array>
#include <csignal>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inference/channel/channel.h"
#include "inference/channel/futex.h"

namespace vedette::inference::channel {
namespace {

using std::chrono_literals::operator""ms;

constexpr ChannelShape kShape{.request_bytes = 256, .reply_bytes = 512, .slots = 2};
constexpr int kRounds = 20'000;  // of reading

const ModelMetadata& model() {
  static const ModelMetadata one{{{"x", DataType::fp32, {-1}}},
                                 {{"y", DataType::fp32, {-1}}, {"z", DataType::boolean, {-1}}}};
  return one;
}

// Well formed messages, so that the mutations start from something that is nearly accepted.
void write_honestly(Mapping& ring, std::uint32_t number) {
  const std::array<float, 4> values{1, 2, 3, 4};
  const std::array<std::uint8_t, 3> truths{0, 1, 1};
  const std::array<std::int64_t, 1> four{4};
  const std::array<std::int64_t, 1> three{3};
  const std::span bytes(reinterpret_cast<const std::uint8_t*>(values.data()), sizeof values);
  const std::array outputs{IndexedTensor{0, DataType::fp32, four, bytes},
                           IndexedTensor{1, DataType::boolean, three, truths}};
  if (number % 5 == 4)
    write_refusal(ring.reply(kShape, number), number, {"INF-MODEL", "the model's words", "", ""});
  else
    write_outputs(ring.reply(kShape, number), number, outputs).value();
}

// The same numbers in every run (xorshift32).
class Random {
 public:
  std::uint32_t operator()() {
    state_ ^= state_ << 13U;
    state_ ^= state_ >> 17U;
    state_ ^= state_ << 5U;
    return state_;
  }

 private:
  std::uint32_t state_ = 0x5EED;
};

// Values that are wrong in an interesting way.
std::uint8_t interesting(Random& random) {
  constexpr std::array<std::uint8_t, 8> kValues{0, 1, 2, 4, 0x7F, 0x80, 0xFE, 0xFF};
  return random() % 2 == 0 ? kValues.at(random() % kValues.size())
                           : static_cast<std::uint8_t>(random());
}

// Never ends by itself. Writes where the host looks: mostly headers and records.
[[noreturn]] void mutate(int fd) {
  auto ring = Mapping::map(fd, channel_size(kShape)).value();
  Random random;
  for (std::uint32_t round = 0;; ++round) {
    const std::uint32_t number = 1 + random() % 2;
    const Slot slot = ring.reply(kShape, number);
    if (round % 4 == 0) write_honestly(ring, number);
    if (round % 64 == 0) write_metadata(ring.metadata(), model()).value();
    constexpr std::size_t kRecords = kRecordsOffset + 3 * sizeof(TensorRecord);
    for (std::uint32_t i = random() % 4; i > 0; --i)
      slot[random() % (random() % 8 == 0 ? slot.size() : kRecords)] = interesting(random);
    ring.metadata()[random() % 1024] = interesting(random);
    if (round % 16 == 0) store(ring.control().answered, random() % 4);
    if (round % 16 == 1) store(ring.control().load_state, random() % 4);
    if (round % 16 == 2) ring.control().shape.slots = random();
  }
}

bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; });
}

void expect_well_formed(const Reply& reply) {
  if (reply.refused) {
    EXPECT_LE(reply.refusal.code.size(), kMaxCode);
    EXPECT_LE(reply.refusal.message.size(), kMaxText);
    EXPECT_TRUE(is_plain(reply.refusal.code) && is_plain(reply.refusal.message));
    return;
  }
  ASSERT_EQ(reply.outputs.size(), model().outputs.size());
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < reply.outputs.size(); ++i) {
    const Tensor& output = reply.outputs[i];
    EXPECT_EQ(output.name, model().outputs[i].name);
    EXPECT_EQ(output.type, model().outputs[i].type);
    EXPECT_LE(output.shape.size(), kMaxRank);
    EXPECT_EQ(byte_size(output.type, output.shape), output.data.size());
    total += output.data.size();
  }
  EXPECT_LE(total, kShape.reply_bytes);
  EXPECT_TRUE(std::ranges::all_of(reply.outputs[1].data, [](auto octet) { return octet <= 1; }));
}

void expect_well_formed(const LoadAnswer& answer) {
  if (const auto* refusal = std::get_if<Refusal>(&answer)) {
    EXPECT_TRUE(is_plain(refusal->code) && is_plain(refusal->message));
    return;
  }
  const auto& said = std::get<ModelMetadata>(answer);
  EXPECT_LE(said.inputs.size() + said.outputs.size(), kMaxTensors);
  for (const auto& infos : {said.inputs, said.outputs})
    for (const TensorInfo& info : infos) {
      EXPECT_TRUE(is_tensor_name(info.name));
      EXPECT_NE(element_size(info.type), 0U);
      EXPECT_LE(info.shape.size(), kMaxRank);
    }
}

class RingMutator : public ::testing::Test {
 protected:
  void SetUp() override {
    host = HostEnd::create(kShape).value();
    mutator = ::fork();
    if (mutator == 0) mutate(host->fd());
    ASSERT_GT(mutator, 0);
  }
  void TearDown() override {
    if (mutator <= 0) return;
    EXPECT_EQ(::waitpid(mutator, nullptr, WNOHANG), 0) << "the mutator died by itself";
    ::kill(mutator, SIGKILL);
    ::waitpid(mutator, nullptr, 0);
  }

  std::unique_ptr<HostEnd> host;
  pid_t mutator = -1;
};

TEST_F(RingMutator, NeverGetsAMalformedReplyAccepted) {
  const std::array<float, 1> value{1};
  const TensorView input{
      "x", DataType::fp32, {1}, std::span(reinterpret_cast<const std::uint8_t*>(value.data()), 4)};
  for (int i = 0; i < 2; ++i)
    ASSERT_TRUE(host->post(model(), std::span(&input, 1)).has_value());
  int accepted = 0;
  int refused = 0;
  Reply reply;
  for (int round = 0; round < kRounds; ++round) {
    const auto number = static_cast<std::uint32_t>(1 + round % 2);
    const auto taken = host->take(number, model(), reply);
    if (taken) expect_well_formed(reply);
    if (!taken) {
      EXPECT_EQ(taken.error().code, "SBX-REPLY");
    }
    ++(taken ? accepted : refused);
    if (round % 100 == 0) static_cast<void>(host->wait(number, 1ms));
    if (HasFailure()) break;
  }
  // Else the mutator would not have raced at all.
  EXPECT_GT(accepted, 0);
  EXPECT_GT(refused, 0);
}

TEST_F(RingMutator, NeverGetsMalformedMetadataAccepted) {
  int answers = 0;
  for (int round = 0; round < kRounds; ++round) {
    const auto answer = host->take_loaded();
    if (answer) expect_well_formed(*answer);
    if (!answer) {
      EXPECT_EQ(answer.error().code, "SBX-REPLY");
    }
    ++answers;
    if (HasFailure()) break;
  }
  EXPECT_EQ(answers, kRounds);
}

}  // namespace
}  // namespace vedette::inference::channel
