// The device's side of serving with real workers in real cages: a release that violates its cage
// is written down, quarantined and not started again; a swap fails no call.
#include "agent/model_service.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "agent/worker_replica.h"
#include "testing/onnx_writer.h"
#include "testing/temporary_folder.h"

#include "sandbox_fixture.h"

namespace vedette::agent {
namespace {

using inference::Tensor;
using inference::TensorView;
using std::chrono_literals::operator""ms;

class ModelServiceTest : public ::testing::Test {
 protected:
  ModelServiceTest() {
    service_ = std::make_unique<ModelService>(ModelService::Parts{
        .spawner =
            inference::WorkerSpawner::start({testing::worker_path(), testing::posture()}).value(),
        .worker_sha256 = {},
        .quarantine = *quarantine_,
        .record =
            [this](ledger::Violation event) {
              const std::scoped_lock lock(mutex_);
              events_.push_back(std::move(event));
            },
        .tell = [this](const std::string& /*text*/, const Error& /*cause*/) { ++told_; }});
  }

  [[nodiscard]] static FetchedRelease release(std::uint64_t number, ByteView model,
                                              std::size_t replicas = 1) {
    WorkerTerms terms;
    terms.settings = testing::settings();
    terms.settings.profile.limits.memory_bytes = std::uint64_t{64} << 20U;
    terms.serving.replicas = replicas;
    terms.call_deadline = 2000ms;
    terms.serving.max_deadline = terms.serving.min_patience = terms.call_deadline;
    return {{.name = *ModelName::parse("gauge"), .release = number, .call_deadline = 2000ms},
            std::move(terms),
            testing::sealed(model)};
  }

  [[nodiscard]] Result<std::vector<Tensor>> ask(const Tensor& input) {
    VEDETTE_TRY(const auto hold, service_->find("gauge", {}));
    const TensorView view{input.name, input.type, input.shape, input.data};
    return hold->infer(std::span(&view, 1), {.deadline = 2000ms});
  }

  std::vector<ledger::Violation> events() {
    const std::scoped_lock lock(mutex_);
    return events_;
  }

  TemporaryFolder folder_;
  std::unique_ptr<Quarantine> quarantine_ = Quarantine::load(folder_.path()).value();
  std::mutex mutex_;
  std::vector<ledger::Violation> events_;
  std::atomic<int> told_ = 0;
  std::unique_ptr<ModelService> service_;
};

TEST_F(ModelServiceTest, WritesDownWhatAModelTriesWhileItIsLoaded) {
  bool accepted = false;
  const auto published =
      service_->publish(release(1, testing::external_data_model("passwd")), [&]() -> Result<void> {
        accepted = true;
        return {};
      });
  EXPECT_EQ(testing::code_of(published), "SBX-SYSCALL-DENIED");
  EXPECT_FALSE(accepted) << "a release that never started must not raise the floor";
  EXPECT_FALSE(service_->present(*ModelName::parse("gauge")).has_value());
  const auto seen = events();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].kind, ledger::ViolationKind::system_call);
  EXPECT_EQ(seen[0].phase, ledger::ViolationPhase::load);
  ASSERT_TRUE(seen[0].call.has_value());
  EXPECT_NE(seen[0].call->name, "unknown");
  EXPECT_EQ(seen[0].profile_sha256,
            profile_digest(release(1, testing::add_model()).terms.settings, testing::posture()));
}

TEST_F(ModelServiceTest, QuarantinesAModelWhoseWorkersDieTooOften) {
  auto fragile = release(1, testing::endless_loop_model());
  fragile.terms.serving.max_deadline = fragile.terms.serving.min_patience = 50ms;
  fragile.terms.serving.health.max_deaths = 2;
  fragile.terms.serving.health.first_back_off = 1ms;
  ASSERT_EQ(
      testing::refusal_of(service_->publish(std::move(fragile), [] { return Result<void>(); })),
      "");
  const Tensor input = testing::floats("x", {1});
  EXPECT_TRUE(testing::eventually([&] {
    static_cast<void>(ask(input));
    return told_ > 0;
  }));
  EXPECT_EQ(testing::code_of(ask(input)), "SRV-QUARANTINED");
  EXPECT_TRUE(quarantine_->contains(crypto::Sha256Digest{}));
  for (const ledger::Violation& event : events())
    EXPECT_EQ(event.kind, ledger::ViolationKind::deadline);
}

TEST_F(ModelServiceTest, RefusesAReleaseWhoseFloorCannotBeRaised) {
  const auto published = service_->publish(release(1, testing::add_model()), []() -> Result<void> {
    return refuse("FILE-WRITE", "the disk is full");
  });
  EXPECT_EQ(testing::code_of(published), "FILE-WRITE");
  EXPECT_EQ(testing::code_of(ask(testing::floats("x", {1}))), "AGT-NO-MODEL");
}

TEST_F(ModelServiceTest, SwapsReleasesUnderLoadWithoutAFailedCall) {
  const auto accept = [] { return Result<void>(); };
  ASSERT_EQ(testing::refusal_of(service_->publish(release(1, testing::add_model(), 2), accept)),
            "");
  std::atomic<bool> stop = false;
  std::atomic<int> answered = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i)
    callers.emplace_back([&, i] {
      const auto value = static_cast<float>(i);
      while (!stop) {
        const auto outputs = ask(testing::floats("x", {value}));
        ASSERT_TRUE(outputs.has_value()) << describe(outputs.error());
        ASSERT_EQ(outputs->at(0), testing::floats("y", {2 * value}));
        ++answered;
      }
    });
  for (const std::uint64_t number : {2U, 3U, 4U})
    EXPECT_EQ(
        testing::refusal_of(service_->publish(release(number, testing::add_model(), 2), accept)),
        "");
  stop = true;
  for (auto& caller : callers)
    caller.join();
  EXPECT_GT(answered, 0);
  EXPECT_EQ(service_->present(*ModelName::parse("gauge"))->release, 4U);
  EXPECT_TRUE(events().empty());
}

TEST_F(ModelServiceTest, NothingAnswersOnceTrustHasEnded) {
  ASSERT_EQ(testing::refusal_of(
                service_->publish(release(1, testing::add_model()), [] { return Result<void>(); })),
            "");
  const auto hold = service_->find("gauge", {}).value();
  service_->withdraw_all("the device is not attested");
  const Tensor input = testing::floats("x", {1});
  const TensorView view{input.name, input.type, input.shape, input.data};
  EXPECT_EQ(testing::code_of(hold->infer(std::span(&view, 1), {.deadline = 2000ms})),
            "SRV-WITHDRAWN");
  EXPECT_EQ(testing::code_of(ask(input)), "AGT-NO-MODEL");
  EXPECT_TRUE(events().empty()) << "an end of trust is no violation";
}

}  // namespace
}  // namespace vedette::agent
