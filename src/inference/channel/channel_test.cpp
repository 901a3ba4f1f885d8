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

constexpr ChannelShape kShape{.request_bytes = 1024, .reply_bytes = 1024, .slots = 2};

// Takes the bytes in and gives them out again.
ModelMetadata echo_model() {
  return {{{"x", DataType::uint8, {-1}}}, {{"y", DataType::uint8, {-1}}}};
}

std::unique_ptr<HostEnd> make_host(const ChannelShape& shape = kShape) {
  return HostEnd::create(shape).value();
}

// The hostile worker's own view of the channel.
struct Forger {
  explicit Forger(const HostEnd& host)
      : mapping(Mapping::map(host.fd(), channel_size(kShape)).value()) {}
  void claim_answered(std::uint32_t value) {
    std::atomic_ref(mapping.control().answered).store(value);
  }
  Mapping mapping;
};

std::uint32_t post_byte(HostEnd& host, std::uint8_t value) {
  const Bytes data{value};
  const TensorView input{"x", DataType::uint8, {1}, data};
  return host.post(echo_model(), std::span(&input, 1)).value();
}

// A worker that echoes `count` requests.
void echo(WorkerEnd& worker, int count) {
  Request request;
  for (int i = 0; i < count; ++i) {
    ASSERT_TRUE(worker.next(request).has_value());
    worker.reply(request.inputs());
  }
}

TEST(HostEnd, SealsTheSizeOfItsMemory) {
  const auto host = make_host();
  EXPECT_EQ(::ftruncate(host->fd(), 0), -1);
  EXPECT_EQ(::ftruncate(host->fd(), 1 << 20), -1);
  EXPECT_EQ(::fcntl(host->fd(), F_ADD_SEALS, F_SEAL_WRITE), -1);
}

TEST(HostEnd, RefusesShapesOutOfRange) {
  EXPECT_FALSE(HostEnd::create({.request_bytes = 0, .reply_bytes = 1}).has_value());
  EXPECT_FALSE(HostEnd::create({.request_bytes = 1, .reply_bytes = kMaxPayload + 1}).has_value());
  for (const std::uint32_t slots : {0U, 3U, 128U})
    EXPECT_FALSE(
        HostEnd::create({.request_bytes = 1, .reply_bytes = 1, .slots = slots}).has_value());
  EXPECT_FALSE(
      HostEnd::create(
          {.request_bytes = 1, .reply_bytes = 1, .slots = 1, .spin_microseconds = kMaxSpin + 1})
          .has_value());
}

TEST(HostEnd, CallsAnEarlyOrStrangeReplyNonsense) {
  const auto host = make_host();
  Forger worker(*host);
  const std::uint32_t number = post_byte(*host, 1);
  EXPECT_EQ(host->wait(number, 0ms), HostEnd::Wait::not_yet);
  for (const std::uint32_t claim : {number + 1, number + 1000, number - 3, 0x80000000U}) {
    worker.claim_answered(claim);
    EXPECT_EQ(host->wait(number, 0ms), HostEnd::Wait::nonsense) << claim;
  }
  worker.claim_answered(number);
  EXPECT_EQ(host->wait(number, 0ms), HostEnd::Wait::answered);
  Reply reply;  // the bell rang, but there is no reply in the slot
  EXPECT_FALSE(host->take(number, echo_model(), reply).has_value());
}

TEST(HostEnd, GivesUpWaitingAfterItsPatience) {
  const auto host = make_host();
  const std::uint32_t number = post_byte(*host, 1);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(host->wait(number, 5ms), HostEnd::Wait::not_yet);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 4ms);
  EXPECT_EQ(host->wait_loaded(1ms), HostEnd::Wait::not_yet);
}

// A worker that lies about who sleeps only harms itself.
TEST(HostEnd, WaitsNoLongerForFlippedSleepers) {
  const auto host = make_host();
  Forger worker(*host);
  const std::uint32_t number = post_byte(*host, 1);
  worker.mapping.control().host_sleeps = 0xFFFFFFFF;
  worker.mapping.control().worker_sleeps = 0;
  EXPECT_EQ(host->wait(number, 5ms), HostEnd::Wait::not_yet);
}

TEST(HostEnd, KeepsItsShapeWhenTheWorkerRewritesIt) {
  const auto host = make_host();
  Forger worker(*host);
  worker.mapping.control().shape = {UINT64_MAX, UINT64_MAX, 64, 0};
  const Bytes data(2048);
  const TensorView large{"x", DataType::uint8, {2048}, data};
  const auto posted = host->post(echo_model(), std::span(&large, 1));
  ASSERT_FALSE(posted.has_value());
  EXPECT_EQ(posted.error().code, "SBX-REQUEST-SIZE");
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

TEST(Channel, TellsHowLoadingWent) {
  const auto host = make_host();
  auto worker = WorkerEnd::attach(host->fd()).value();
  worker.loaded(echo_model());
  ASSERT_EQ(host->wait_loaded(0ms), HostEnd::Wait::answered);
  EXPECT_EQ(std::get<ModelMetadata>(host->take_loaded().value()), echo_model());
  worker.refuse_load({"INF-LOAD", "no", "", ""});
  EXPECT_EQ(std::get<Refusal>(host->take_loaded().value()).message, "no");
}

TEST(Channel, CarriesRequestsAndRepliesAcross) {
  for (const std::uint32_t spin : {0U, 50U}) {
    ChannelShape shape = kShape;
    shape.spin_microseconds = spin;
    const auto host = make_host(shape);
    auto worker = WorkerEnd::attach(host->fd()).value();
    std::thread other([&] { echo(worker, 200); });
    Reply reply;
    for (int i = 0; i < 200; ++i) {
      const std::uint32_t number = post_byte(*host, static_cast<std::uint8_t>(i));
      while (host->wait(number, 100ms) == HostEnd::Wait::not_yet) {
      }
      ASSERT_TRUE(host->take(number, echo_model(), reply).has_value());
      EXPECT_EQ(reply.outputs.at(0).data, Bytes{static_cast<std::uint8_t>(i)});
    }
    other.join();
  }
}

TEST(Channel, HoldsAsManyRequestsAsItHasSlots) {
  const auto host = make_host();
  auto worker = WorkerEnd::attach(host->fd()).value();
  const std::uint32_t first = post_byte(*host, 1);
  const std::uint32_t second = post_byte(*host, 2);
  echo(worker, 1);
  EXPECT_EQ(host->wait(first, 0ms), HostEnd::Wait::answered);
  EXPECT_EQ(host->wait(second, 0ms), HostEnd::Wait::not_yet);
  echo(worker, 1);
  EXPECT_EQ(host->wait(second, 0ms), HostEnd::Wait::answered);
  Reply reply;
  ASSERT_TRUE(host->take(second, echo_model(), reply).has_value());
  EXPECT_EQ(reply.outputs[0].data, Bytes{2});
  ASSERT_TRUE(host->take(first, echo_model(), reply).has_value());
  EXPECT_EQ(reply.outputs[0].data, Bytes{1});
}

TEST(Channel, TurnsAReplyThatDoesNotFitIntoARefusal) {
  const auto host = make_host();
  auto worker = WorkerEnd::attach(host->fd()).value();
  const std::uint32_t number = post_byte(*host, 1);
  Request request;
  ASSERT_TRUE(worker.next(request).has_value());
  const Bytes data(1025);
  constexpr std::int64_t kShapeOfReply[] = {1025};
  const IndexedTensor large{0, DataType::uint8, kShapeOfReply, data};
  EXPECT_FALSE(worker.is_answered());
  worker.reply(std::span(&large, 1));
  EXPECT_TRUE(worker.is_answered());
  EXPECT_EQ(host->wait(number, 0ms), HostEnd::Wait::answered);
  Reply reply;
  ASSERT_TRUE(host->take(number, echo_model(), reply).has_value());
  EXPECT_TRUE(reply.refused);
  EXPECT_EQ(reply.refusal.code, "SBX-REQUEST-SIZE");
}

}  // namespace
}  // namespace vedette::inference::channel
