#include "server/violation_gateway.h"

#include <gtest/gtest.h>

#include "testing/violation_scene.h"

namespace vedette::server {
namespace {

class JudgeViolation : public ::testing::Test {
 protected:
  std::string code() const {
    const auto judged = judge_violation(claims_, device_, release_);
    return judged ? "" : judged.error().code;
  }

  identity::Device device_{.id = *DeviceId::parse("drone"),
                           .group = *GroupId::parse("line-a"),
                           .status = identity::DeviceStatus::active,
                           .epoch = Epoch{4},
                           .endorsement_sha256 = {},
                           .attestation_key = {},
                           .device_key_sha256 = {},
                           .enrolled_at = {},
                           .status_since = {},
                           .status_reason = {}};
  ledger::ViolationClaims claims_{.device = *DeviceId::parse("drone"),
                                  .epoch = Epoch{4},
                                  .sequence = 9,
                                  .event = testing::forbidden_socket()};
  std::optional<release::Release> release_ =
      release::Release{.model = *ModelName::parse("voice"),
                       .number = 2,
                       .tier = release::Tier::high,
                       .model_root = testing::forbidden_socket().model_root,
                       .file_name = "m.onnx",
                       .file_sha256 = {},
                       .file_size = 1,
                       .bundle = {},
                       .statement = {},
                       .published_at = {},
                       .blocked = false};
};

TEST_F(JudgeViolation, RefusesAnotherDevicesEvidence) {
  claims_.device = *DeviceId::parse("camera");
  EXPECT_EQ(code(), "VIO-DEVICE");
}

TEST_F(JudgeViolation, RefusesAnEpochThatHasNotBeen) {
  claims_.epoch = Epoch{5};
  EXPECT_EQ(code(), "VIO-EPOCH");
}

TEST_F(JudgeViolation, RefusesToSuspectWhatWasNeverPublished) {
  claims_.event.model_root[0] ^= 1U;
  EXPECT_EQ(code(), "VIO-RELEASE");
  claims_.event.model_root = release_->model_root;
  release_.reset();
  EXPECT_EQ(code(), "VIO-RELEASE");
}

TEST_F(JudgeViolation, KeepsAndMarksEvidenceFromBeforeTrustWasWithdrawn) {
  claims_.epoch = Epoch{3};
  EXPECT_TRUE(*judge_violation(claims_, device_, release_));
}

TEST_F(JudgeViolation, KeepsEvidenceOfABlockedReleaseToo) {
  release_->blocked = true;
  EXPECT_FALSE(*judge_violation(claims_, device_, release_));
}

}  // namespace
}  // namespace vedette::server
