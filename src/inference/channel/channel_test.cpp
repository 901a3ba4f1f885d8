#include "inference/channel/channel.h"

#include <atomic>
#include <thread>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

namespace vedette::inference::channel {
namespace {

using std::chrono_literals::operator""ms;

// The hostile worker's own view of the channel.
struct Forger {
  explicit Forger(const HostEnd& host)
      : mapping(Mapping::map(host.fd(), channel_size(1024, 1024)).value()) {}
  void set_reply_word(std::uint32_t value) {
    std::atomic_ref(mapping.control().reply_word).store(value);
  }
  Mapping mapping;
};

TEST(HostEnd, SealsTheSizeOfItsMemory) {
  const auto host = HostEnd::create(1024, 1024);
  ASSERT_TRUE(host.has_value());
  EXPECT_EQ(::ftruncate(host->fd(), 0), -1);
  EXPECT_EQ(::ftruncate(host->fd(), 1 << 20), -1);
  EXPECT_EQ(::fcntl(host->fd(), F_ADD_SEALS, F_SEAL_WRITE), -1);
}

TEST(HostEnd, RefusesCapacitiesOutOfRange) {
  EXPECT_FALSE(HostEnd::create(0, 1024).has_value());
  EXPECT_FALSE(HostEnd::create(1024, kMaxPayload + 1).has_value());
}

TEST(HostEnd, CallsAStaleReplyNotYetAndAForeignOneNonsense) {
  auto host = HostEnd::create(1024, 1024).value();
  Forger worker(host);
  host.ask_metadata();
  EXPECT_EQ(host.wait(0ms), HostEnd::Wait::not_yet);
  worker.set_reply_word(2);  // answers what was not asked
  EXPECT_EQ(host.wait(0ms), HostEnd::Wait::nonsense);
  worker.set_reply_word(1);
  EXPECT_EQ(host.wait(0ms), HostEnd::Wait::answered);
  EXPECT_FALSE(host.take().has_value());  // the bell rang, but there is no reply in the slot
}

TEST(HostEnd, GivesUpWaitingAfterItsPatience) {
  auto host = HostEnd::create(1024, 1024).value();
  host.ask_metadata();
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(host.wait(5ms), HostEnd::Wait::not_yet);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 4ms);
}

TEST(HostEnd, KeepsItsCapacitiesWhenTheWorkerRewritesThem) {
  auto host = HostEnd::create(1024, 1024).value();
  Forger worker(host);
  worker.mapping.control().request_capacity = UINT64_MAX;
  worker.mapping.control().reply_capacity = UINT64_MAX;
  const Bytes data(2048);
  const TensorView large{"x", DataType::uint8, {2048}, data};
  const auto asked = host.ask(std::span(&large, 1));
  ASSERT_FALSE(asked.has_value());
  EXPECT_EQ(asked.error().code, "SBX-REQUEST-SIZE");
}

TEST(WorkerEnd, RefusesMemoryThatIsNotAChannel) {
  EXPECT_FALSE(WorkerEnd::attach(-1).has_value());
  const UniqueFd loose{::memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
  ASSERT_EQ(::ftruncate(loose.get(), 1 << 16), 0);
  EXPECT_FALSE(WorkerEnd::attach(loose.get()).has_value());
  ASSERT_EQ(::fcntl(loose.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL), 0);
  const auto attached = WorkerEnd::attach(loose.get());
  ASSERT_FALSE(attached.has_value());
  EXPECT_EQ(attached.error().message, "the tensor channel's sizes disagree");
}

TEST(Channel, CarriesARequestAndItsReplyAcross) {
  auto host = HostEnd::create(1024, 1024).value();
  auto worker = WorkerEnd::attach(host.fd()).value();
  const Bytes data{1, 2, 3};
  const TensorView input{"x", DataType::uint8, {3}, data};
  std::thread other([&] {
    for (int i = 0; i < 100; ++i) {
      const auto request = worker.next();
      if (request) worker.reply(request->inputs);
    }
  });
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(host.ask(std::span(&input, 1)).has_value());
    while (host.wait(100ms) == HostEnd::Wait::not_yet) {
    }
    const auto reply = host.take();
    ASSERT_TRUE(reply.has_value()) << reply.error().cause;
    EXPECT_EQ(std::get<std::vector<Tensor>>(*reply).at(0).data, data);
  }
  other.join();
}

TEST(Channel, TurnsAReplyThatDoesNotFitIntoARefusal) {
  auto host = HostEnd::create(64, 64).value();
  auto worker = WorkerEnd::attach(host.fd()).value();
  host.ask_metadata();
  ASSERT_TRUE(worker.next().has_value());
  const Bytes data(65);
  const TensorView large{"x", DataType::uint8, {65}, data};
  worker.reply(std::span(&large, 1));
  EXPECT_EQ(host.wait(0ms), HostEnd::Wait::answered);
  const auto reply = host.take();
  ASSERT_TRUE(reply.has_value());
  EXPECT_TRUE(std::holds_alternative<Refusal>(*reply));
}

}  // namespace
}  // namespace vedette::inference::channel
