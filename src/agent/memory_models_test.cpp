#include "agent/memory_models.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "testing/fake_clock.h"

namespace vedette::agent {
namespace {

struct NoWitness final : InferenceWitness {
  Result<void> witness(const Inference& /*inference*/) override { return {}; }
};

class MemoryModels : public testing::Test {
 protected:
  void serve() {
    serving_.put(std::make_shared<ServedModel>(*ModelName::parse("voice"), 2,
                                               crypto::Sha256Digest{}, nullptr));
  }

  FakeClock clock_;
  TrustState trust_{clock_};
  ServingTable serving_;
  NoWitness witness_;
  MemoryService service_ =
      make_memory_service({trust_, serving_, witness_, std::chrono::seconds(1)});
};

TEST_F(MemoryModels, RefusesAModelThatIsNotServed) {
  EXPECT_EQ(service_.describe({}, "voice", 0).error().code, "AGT-NO-MODEL");
  EXPECT_EQ(service_.infer({}, "voice", 0, {}).error().code, "AGT-NO-MODEL");
}

TEST_F(MemoryModels, RefusesAnotherReleaseThanTheServedOne) {
  serve();
  EXPECT_EQ(service_.describe({}, "voice", 1).error().code, "AGT-NO-RELEASE");
  EXPECT_EQ(service_.infer({}, "voice", 3, {}).error().code, "AGT-NO-RELEASE");
}

TEST_F(MemoryModels, AsksNoModelWhileTheDeviceIsNotAttested) {
  serve();
  EXPECT_EQ(service_.infer({}, "voice", 0, {}).error().code, "AGT-NOT-ATTESTED");
}

TEST_F(MemoryModels, AllowsRootAndTheAgentsOwnUserAlone) {
  const uid_t own = ::geteuid();
  EXPECT_EQ(service_.authorise({.uid = own + 1, .gid = 0, .pid = 1}, "voice").error().code,
            "MEM-CALLER");
  EXPECT_TRUE(service_.authorise({.uid = own, .gid = 5, .pid = 1}, "voice").has_value());
  EXPECT_TRUE(service_.authorise({.uid = 0, .gid = 5, .pid = 1}, "voice").has_value());
}

}  // namespace
}  // namespace vedette::agent
