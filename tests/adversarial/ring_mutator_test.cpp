// The host reads while somebody writes at random into everything that it reads: metadata, replies,
// requests, bells. Whatever it accepts must be well formed in its own copy.
//
// Built for sanitizers, and the mutator comes in two kinds. As a process, as in life, it leaves the
// address sanitizer to watch the host alone. As a thread in the host's own mapping it shows its
// writes to ThreadSanitizer: they are relaxed atomics, which copy_shared() may race with, and so
// any other look at the slots, a second one say, is reported as a data race.
#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <thread>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inference/channel/channel.h"
#include "inference/channel/futex.h"
#include "inference/channel/shared_copy.h"

namespace vedette::inference::channel {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""us;

constexpr ChannelShape kShape{.request_bytes = 256, .reply_bytes = 512, .slots = 2};
constexpr int kRounds = 20'000;  // of reading
// As far as a message of three tensors reaches: its records, and its payload.
constexpr std::size_t kRecords = kRecordsOffset + 3 * sizeof(TensorRecord);
constexpr std::size_t kPayload = 2 * kPayloadAlignment;

const ModelMetadata& model() {
  static const ModelMetadata one{{{"x", DataType::fp32, {-1}}},
                                 {{"y", DataType::fp32, {-1}}, {"z", DataType::boolean, {-1}}}};
  return one;
}

std::size_t request_offset(std::uint32_t number) {
  return kSlotsOffset + (number % kShape.slots) * slot_size(kShape.request_bytes);
}
std::size_t reply_offset(std::uint32_t number) {
  return replies_offset(kShape) + (number % kShape.slots) * slot_size(kShape.reply_bytes);
}

// Well formed messages, so that the mutations start from something that is nearly accepted.
Bytes honest_reply(std::uint32_t number, bool refuses) {
  const std::array<float, 4> values{1, 2, 3, 4};
  const std::array<std::uint8_t, 3> truths{0, 1, 1};
  const std::array<std::int64_t, 1> four{4};
  const std::array<std::int64_t, 1> three{3};
  const std::span bytes(reinterpret_cast<const std::uint8_t*>(values.data()), sizeof values);
  const std::array outputs{IndexedTensor{0, DataType::fp32, four, bytes},
                           IndexedTensor{1, DataType::boolean, three, truths}};
  Bytes slot(kPayloadOffset + kShape.reply_bytes);
  if (refuses)
    write_refusal(slot, number, {"INF-MODEL", "the model's words", "", ""});
  else
    write_outputs(slot, number, outputs).value();
  return slot;
}

Bytes honest_request(std::uint32_t number) {
  const Bytes data(16);
  const TensorView input{"x", DataType::fp32, {4}, data};
  Bytes slot(kPayloadOffset + kShape.request_bytes);
  write_request(slot, number, model(), std::span(&input, 1)).value();
  return slot;
}

Bytes honest_metadata() {
  Bytes area(kMetadataBytes);
  write_metadata(area, model()).value();
  area.resize(sizeof(MetadataHeader) + 3 * sizeof(MetadataRecord));
  return area;
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

// Writes where the host looks: mostly headers and records.
class Mutator {
 public:
  explicit Mutator(std::span<std::uint8_t> ring) : ring_(ring) {
    for (const std::uint32_t number : {1U, 2U}) {
      replies_.push_back(honest_reply(number, false));
      refusals_.push_back(honest_reply(number, true));
      requests_.push_back(honest_request(number));
    }
  }

  void run(const std::atomic<bool>& done) {
    for (std::uint32_t round = 0; !done.load(std::memory_order_relaxed); ++round) {
      const std::uint32_t number = 1 + random_() % 2;
      if (round % 4 == 0) put_slot(reply_offset(number), reply(number));
      if (round % 4 == 1) put_slot(request_offset(number), requests_.at(number - 1));
      if (round % 64 == 0) put(kMetadataOffset, metadata_);
      spoil(reply_offset(number), kPayloadOffset + kShape.reply_bytes);
      spoil(request_offset(number), kPayloadOffset + kShape.request_bytes);
      put(kMetadataOffset + random_() % 1024, interesting(random_));
      ring_the_bells(round);
    }
  }

 private:
  void put(std::size_t at, std::uint8_t octet) {
    std::atomic_ref(ring_[at]).store(octet, std::memory_order_relaxed);
  }
  void put(std::size_t at, ByteView bytes) {
    for (const std::uint8_t octet : bytes)
      put(at++, octet);
  }
  void put_slot(std::size_t at, ByteView slot) {
    put(at, slot.first(kRecords));
    put(at + kPayloadOffset, slot.subspan(kPayloadOffset, kPayload));
  }
  const Bytes& reply(std::uint32_t number) {
    return (random_() % 5 == 0 ? refusals_ : replies_).at(number - 1);
  }
  void spoil(std::size_t at, std::size_t size) {
    for (std::uint32_t i = random_() % 4; i > 0; --i)
      put(at + random_() % (random_() % 8 == 0 ? size : kRecords), interesting(random_));
  }
  void ring_the_bells(std::uint32_t round) {
    auto& control = *reinterpret_cast<ControlBlock*>(ring_.data());
    if (round % 16 == 0) store(control.answered, random_() % 4);
    if (round % 16 == 1) store(control.load_state, random_() % 4);
    if (round % 16 == 2) store(control.shape.slots, random_());
  }

  std::span<std::uint8_t> ring_;
  std::vector<Bytes> replies_;
  std::vector<Bytes> refusals_;
  std::vector<Bytes> requests_;
  Bytes metadata_ = honest_metadata();
  Random random_;
};

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

void expect_well_formed(const Request& request, std::span<const std::uint8_t> slot) {
  EXPECT_LE(request.inputs().size(), kMaxTensors);
  for (const IndexedTensor& input : request.inputs()) {
    EXPECT_LE(input.shape.size(), kMaxRank);
    EXPECT_EQ(byte_size(input.type, input.shape), input.data.size());
    EXPECT_GE(input.data.data(), slot.data() + kPayloadOffset);
    EXPECT_LE(input.data.data() + input.data.size(), slot.data() + slot.size());
    Bytes copy(input.data.size());
    copy_shared(copy.data(), input.data.data(), input.data.size());
  }
}

enum class Kind { process, thread };

class RingMutator : public ::testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    host = HostEnd::create(kShape).value();
    const Bytes data(4);
    const TensorView input{"x", DataType::fp32, {1}, data};
    for (int i = 0; i < 2; ++i)
      ASSERT_TRUE(host->post(model(), std::span(&input, 1)).has_value());
    if (GetParam() == Kind::thread) {
      thread = std::thread([this] { Mutator(host->memory()).run(done); });
      return;
    }
    process = ::fork();
    if (process == 0) {
      Mutator(host->memory()).run(done);  // never ends by itself
      ::_exit(1);
    }
    ASSERT_GT(process, 0);
  }
  void TearDown() override {
    done.store(true);
    if (thread.joinable()) thread.join();
    if (process <= 0) return;
    EXPECT_EQ(::waitpid(process, nullptr, WNOHANG), 0) << "the mutator died by itself";
    ::kill(process, SIGKILL);
    ::waitpid(process, nullptr, 0);
  }

  std::unique_ptr<HostEnd> host;
  std::atomic<bool> done = false;
  std::thread thread;
  pid_t process = -1;
};

TEST_P(RingMutator, NeverGetsAMalformedReplyAccepted) {
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

TEST_P(RingMutator, NeverGetsMalformedMetadataAccepted) {
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

// The other way round: the agent answers an application that it does not trust.
TEST_P(RingMutator, NeverGetsAMalformedRequestAccepted) {
  int accepted = 0;
  int refused = 0;
  Request request;
  for (int round = 0; round < kRounds; ++round) {
    const auto number = static_cast<std::uint32_t>(1 + round % 2);
    const auto slot =
        host->memory().subspan(request_offset(number), kPayloadOffset + kShape.request_bytes);
    const auto read = request.read(slot, number);
    if (read) expect_well_formed(request, slot);
    ++(read ? accepted : refused);
    if (round % 100 == 0) std::this_thread::sleep_for(100us);
    if (HasFailure()) break;
  }
  EXPECT_GT(accepted, 0);
  EXPECT_GT(refused, 0);
}

INSTANTIATE_TEST_SUITE_P(As, RingMutator, ::testing::Values(Kind::process, Kind::thread),
                         [](const auto& kind) {
                           return kind.param == Kind::process ? "Process" : "Thread";
                         });

}  // namespace
}  // namespace vedette::inference::channel
