#include "server/result_gateway.h"

#include <gtest/gtest.h>

#include "testing/fake_clock.h"

namespace vedette::server {
namespace {

using namespace std::chrono_literals;

class JudgeReceipt : public testing::Test {
 protected:
  std::string code() const {
    const auto judged = judge_receipt(claims_, device_, release_, clock_.now());
    return judged ? "" : judged.error().code;
  }

  FakeClock clock_;
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
  ledger::ReceiptClaims claims_{.device = *DeviceId::parse("drone"),
                                .epoch = Epoch{4},
                                .model = *ModelName::parse("voice"),
                                .release = 2,
                                .model_root = {1, 2, 3},
                                .sequence = 9,
                                .time = FakeClock().now(),
                                .request = "r9",
                                .inputs_sha256 = {},
                                .outputs_sha256 = {},
                                .outputs = {}};
  std::optional<release::Release> release_ = release::Release{.model = *ModelName::parse("voice"),
                                                              .number = 2,
                                                              .tier = release::Tier::high,
                                                              .model_root = {1, 2, 3},
                                                              .file_name = "m.onnx",
                                                              .file_sha256 = {},
                                                              .file_size = 1,
                                                              .bundle = {},
                                                              .statement = {},
                                                              .published_at = {},
                                                              .blocked = false};
};

TEST_F(JudgeReceipt, NamesTheLinkThatDidNotHold) {
  claims_.device = *DeviceId::parse("camera");
  EXPECT_EQ(code(), "RES-DEVICE");
  claims_.device = device_.id;
  claims_.epoch = Epoch{3};
  EXPECT_EQ(code(), "RES-EPOCH");
  claims_.epoch = Epoch{5};
  EXPECT_EQ(code(), "RES-EPOCH");
  claims_.epoch = device_.epoch;
  release_->blocked = true;
  EXPECT_EQ(code(), "RES-BLOCKED");
  release_->blocked = false;
  release_->pending = true;
  EXPECT_EQ(code(), "RES-PENDING");
  release_->pending = false;
  claims_.model_root = {1, 2, 4};
  EXPECT_EQ(code(), "RES-MODEL");
  claims_.model_root = release_->model_root;
  release_.reset();
  EXPECT_EQ(code(), "RES-RELEASE");
}

TEST_F(JudgeReceipt, RefusesTheFutureAndTheDistantPast) {
  claims_.time = clock_.now() + 3min;
  EXPECT_EQ(code(), "RES-TIME");
  claims_.time = clock_.now() - 25h;
  EXPECT_EQ(code(), "RES-TIME");
}

TEST_F(JudgeReceipt, BelievesOnlyWhenEverythingHolds) {
  EXPECT_EQ(code(), "");
}

}  // namespace
}  // namespace vedette::server
