// The device's side of serving with real workers in real cages: a release that violates its cage
// is written down, quarantined and not started again; a swap fails no call.
#include "agent/model_service.h"

#include <atomic>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>

#include "agent/violation_reporter.h"
#include "agent/worker_replica.h"
#include "testing/fake_clock.h"
#include "testing/onnx_writer.h"
#include "testing/temporary_folder.h"

#include "sandbox_fixture.h"

namespace vedette::agent {
namespace {

using inference::Tensor;
using inference::TensorView;
using std::chrono_literals::operator""ms;  // NOLINT(misc-unused-using-decls): it is used

// With what this kernel's posture adds.
std::vector<std::string> widened_by(const std::string& power) {
  std::vector<std::string> texts{power};
  if (testing::posture() != inference::Posture::full)
    texts.push_back("posture " + std::string(inference::name_of(testing::posture())));
  return texts;
}

class ModelServiceTest : public ::testing::Test {
 protected:
  ModelServiceTest() { serve_at(testing::posture()); }

  void serve_at(inference::Posture posture) {
    service_ = std::make_unique<ModelService>(ModelService::Parts{
        .clock = clock_,
        .spawner = inference::WorkerSpawner::start({testing::worker_path(), posture}).value(),
        .worker_sha256 = {},
        .quarantine = *quarantine_,
        .measure = [this](const attestation::RuntimeEvent& event) -> Result<void> {
          measured_.push_back(event);
          if (event.kind == refused_) return refuse("AGT-RUNTIME-LOG", "refused by the test");
          return {};
        },
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
  std::vector<attestation::RuntimeEvent> measured_;
  std::optional<attestation::RuntimeEventKind> refused_;
  SystemClock clock_;
  std::unique_ptr<ModelService> service_;
};

TEST_F(ModelServiceTest, StartsNoWorkerOfAReleaseThatCannotBeMeasured) {
  using attestation::RuntimeEventKind;
  for (const auto kind : {RuntimeEventKind::runtime_contract, RuntimeEventKind::sandbox_profile,
                          RuntimeEventKind::model_release}) {
    refused_ = kind;
    bool accepted = false;
    // One that could not start without being written down.
    auto hostile = release(1, testing::external_data_model("passwd"));
    hostile.about.contract.sha256 = crypto::sha256(as_bytes("contract"));
    const auto published = service_->publish(std::move(hostile), [&]() -> Result<void> {
      accepted = true;
      return {};
    });
    EXPECT_EQ(testing::code_of(published), "AGT-RUNTIME-LOG");
    EXPECT_FALSE(accepted);
    EXPECT_EQ(measured_.back().kind, kind) << "nothing is measured after a refusal";
  }
  EXPECT_TRUE(events().empty()) << "a worker was started";
  EXPECT_EQ(testing::code_of(ask(testing::floats("x", {1}))), "AGT-NO-MODEL");
}

// Whatever the model's format: what nobody could compare is no evidence.
TEST_F(ModelServiceTest, RefusesADistributionOfAnOutputThatTheWorkerDoesNotName) {
  auto blind = release(1, testing::add_model());
  blind.terms.distributions = {{.output = "absent", .edges = {0}, .shares = {0.5, 0.5}}};
  bool accepted = false;
  const auto published = service_->publish(std::move(blind), [&]() -> Result<void> {
    accepted = true;
    return {};
  });
  EXPECT_EQ(testing::code_of(published), "AGT-CONTRACT-IO");
  EXPECT_FALSE(accepted);
  EXPECT_EQ(testing::code_of(ask(testing::floats("x", {1}))), "AGT-NO-MODEL");
}

TEST_F(ModelServiceTest, MeasuresContractProfileAndReleaseBeforeTheFirstWorker) {
  using attestation::RuntimeEventKind;
  auto wide = release(7, testing::add_model());
  wide.about.contract.sha256 = crypto::sha256(as_bytes("contract"));
  wide.about.model_root = crypto::sha256(as_bytes("model"));
  ASSERT_TRUE(grant(wide.terms.settings.profile, inference::ThreadsPower{2}));
  const auto profile = profile_digest(wide.terms.settings, testing::posture());
  std::size_t measured_at_start = 0;
  ASSERT_EQ(testing::refusal_of(service_->publish(std::move(wide),
                                                  [&]() -> Result<void> {
                                                    measured_at_start = measured_.size();
                                                    return {};
                                                  })),
            "");
  EXPECT_EQ(measured_at_start, 3U);
  const std::vector<attestation::RuntimeEvent> expected{
      {RuntimeEventKind::runtime_contract, "gauge 7", crypto::sha256(as_bytes("contract")), {}},
      {RuntimeEventKind::sandbox_profile, "gauge 7", profile, widened_by("threads 2")},
      {RuntimeEventKind::model_release, "gauge 7", crypto::sha256(as_bytes("model")), {}}};
  EXPECT_EQ(measured_, expected);
}

// As the worker was born: with what /proc shows of it
// (CagedWorker.IsBoundedByAControlGroupOfItsOwn).
TEST_F(ModelServiceTest, SaysWhatBoundsTheWorkerOfAModel) {
  const ModelName gauge = *ModelName::parse("gauge");
  EXPECT_EQ(service_->bounded_by(gauge), "");
  const auto alone = testing::start(testing::add_model());
  ASSERT_TRUE(alone.has_value());
  for (const auto need : {inference::Need::where_present, inference::Need::off}) {
    auto next = release(need == inference::Need::off ? 2 : 1, testing::add_model());
    next.terms.settings.profile.cgroup = need;
    ASSERT_EQ(
        testing::refusal_of(service_->publish(std::move(next), [] { return Result<void>(); })), "");
    const std::string bounds = need == inference::Need::off ? "" : (*alone)->bounded_by();
    EXPECT_EQ(service_->bounded_by(gauge), bounds);
    EXPECT_TRUE(codec::to_json(service_->status()).contains(R"("bounded_by":")" + bounds + '"'));
  }
}

// A profile's digest alone says that it is another one, not that it is weaker.
TEST_F(ModelServiceTest, MeasuresWhatThePostureLeavesOut) {
  serve_at(inference::Posture::without_landlock);
  ASSERT_EQ(testing::refusal_of(
                service_->publish(release(1, testing::add_model()), [] { return Result<void>(); })),
            "");
  ASSERT_EQ(measured_.size(), 2U);
  EXPECT_EQ(measured_[0].powers, std::vector<std::string>{"posture without-landlock"});
}

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

// Stands for the TPM; looks for the culprit when it is asked for the signature.
class SigningWitness final : public crypto::DigestSigner {
 public:
  explicit SigningWitness(int zygote) : zygote_(zygote) {}

  Result<crypto::EcdsaSignature> sign_digest(const crypto::Sha256Digest& /*digest*/) override {
    workers_at_signature = testing::children_of(zygote_);
    return crypto::EcdsaSignature{.r = Bytes(32, 1), .s = Bytes(32, 1)};
  }

  std::vector<int> workers_at_signature;

 private:
  int zygote_;
};

bool is_running(int pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/stat");
  const std::string text{std::istreambuf_iterator<char>(status), {}};
  const auto name_end = text.rfind(')');
  return name_end != std::string::npos && text[name_end + 2] != 'Z';
}

TEST(Evidence, IsOnDiskAndSignedBeforeItsWorkerDies) {
  const TemporaryFolder folder;
  const FakeClock clock;
  const auto store = ViolationStore::load(folder.path(), clock.now()).value();
  const auto quarantine = Quarantine::load(folder.path()).value();
  ViolationReporter reporter(clock, *store, *quarantine, [](const auto&, const auto&) {});
  auto spawner =
      inference::WorkerSpawner::start({testing::worker_path(), testing::posture()}).value();
  const auto witness = std::make_shared<SigningWitness>(spawner->zygote_pid());
  const auto key =
      crypto::PrivateKey::delegated(crypto::PrivateKey::generate_p256().public_key(), witness)
          .value();
  std::vector<bool> culprit_ran;
  const auto plan = std::make_shared<const ReplicaPlan>(
      ReplicaPlan{.about = {.name = *ModelName::parse("gauge"), .release = 1},
                  .settings = testing::settings(),
                  .sealed = testing::sealed(testing::external_data_model("passwd")),
                  .spawner = *spawner,
                  .record = [&](ledger::Violation event) {
                    ASSERT_TRUE(reporter.keep(std::move(event), *DeviceId::parse("drone"), key));
                    EXPECT_EQ(store->counts().sealed, 1U);
                    culprit_ran.push_back(witness->workers_at_signature.size() == 1 &&
                                          is_running(witness->workers_at_signature[0]));
                  }});
  EXPECT_EQ(testing::code_of(start_replica(plan)), "SBX-SYSCALL-DENIED");
  ASSERT_EQ(culprit_ran, std::vector<bool>{true});
  const int culprit = witness->workers_at_signature[0];
  EXPECT_TRUE(testing::eventually([culprit] { return !is_running(culprit); }));
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
  callers.reserve(4);
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
