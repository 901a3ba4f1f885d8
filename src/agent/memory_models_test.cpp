#include "agent/memory_models.h"

#include <gtest/gtest.h>

#include "testing/echo_models.h"
#include "testing/fake_clock.h"

namespace vedette::agent {
namespace {

constexpr uid_t kAgent = 900;
constexpr uid_t kCamera = 1001;
constexpr Caller kOwner{.uid = kAgent, .gid = 5, .pid = 1};

struct CountingWitness final : InferenceWitness {
  Result<void> witness(const Inference& inference) override {
    outputs = inference.outputs.size();
    return {};
  }
  std::size_t outputs = 99;
};

class MemoryModels : public testing::Test {
 protected:
  void believe() {
    trust_.believe({.device = *DeviceId::parse("drone"),
                    .ear = "token",
                    .expires_at = clock_.now() + std::chrono::seconds(60),
                    .attest_again_at = clock_.now() + std::chrono::seconds(10),
                    .epoch = Epoch{3}});
  }
  MemoryService service() { return make_memory_service({trust_, models_, witness_, policy_}); }
  static std::vector<inference::Tensor> inputs() {
    return {{"x", inference::DataType::int8, {1}, Bytes{7}},
            {"y", inference::DataType::int8, {1}, Bytes{8}}};
  }

  FakeClock clock_;
  TrustState trust_{clock_};
  EchoModels models_;
  CountingWitness witness_;
  policy::LocalPolicy policy_{.owner = kAgent, .rules = {}};
};

TEST_F(MemoryModels, RefusesWhomThePolicyDoesNotName) {
  models_.serve("voice", 2);
  believe();
  const Caller camera{.uid = kCamera, .gid = 5, .pid = 1};
  EXPECT_EQ(service().authorise(camera, "voice").error().code, "AGT-CALLER-DENIED");
  EXPECT_EQ(service().describe(camera, "voice", 0).error().code, "AGT-CALLER-DENIED");
  EXPECT_EQ(service().infer(camera, "voice", 0, inputs()).error().code, "AGT-CALLER-DENIED");
  EXPECT_EQ(models_.calls, 0);
  EXPECT_TRUE(service().authorise(kOwner, "voice").has_value());
  EXPECT_TRUE(service().authorise({.uid = 0, .gid = 5, .pid = 1}, "voice").has_value());
}

TEST_F(MemoryModels, RefusesModelsAndReleasesThatAreNotServed) {
  believe();
  EXPECT_EQ(service().describe(kOwner, "voice", 0).error().code, "AGT-NO-MODEL");
  models_.serve("voice", 2);
  EXPECT_EQ(service().describe(kOwner, "voice", 1).error().code, "AGT-NO-VERSION");
  EXPECT_EQ(service().infer(kOwner, "voice", 3, inputs()).error().code, "AGT-NO-VERSION");
}

TEST_F(MemoryModels, AsksNoModelWhileTheDeviceIsNotAttested) {
  models_.serve("voice", 2);
  EXPECT_EQ(service().infer(kOwner, "voice", 0, inputs()).error().code, "AGT-NOT-ATTESTED");
  EXPECT_EQ(models_.calls, 0);
}

// What a caller may not see is not declared to it either, and no receipt speaks of it.
TEST_F(MemoryModels, ShowsOnlyTheOutputsOfTheCaller) {
  models_.serve("voice", 2, {{"x", {kCamera}}});
  believe();
  const auto model = service().describe(kOwner, "voice", 0);
  ASSERT_TRUE(model.has_value());
  ASSERT_EQ(model->metadata.outputs.size(), 1U);
  EXPECT_EQ(model->metadata.outputs[0].name, "y");
  const auto outputs = service().infer(kOwner, "voice", 0, inputs());
  ASSERT_TRUE(outputs.has_value());
  ASSERT_EQ(outputs->size(), 1U);
  EXPECT_EQ(outputs->front().name, "y");
  EXPECT_EQ(witness_.outputs, 1U);
}

}  // namespace
}  // namespace vedette::agent
