#include "agent/reporter.h"

#include <fstream>

#include <gtest/gtest.h>

#include "testing/fake_clock.h"
#include "testing/temporary_folder.h"

namespace vedette::agent {
namespace {

class ReporterTest : public testing::Test {
 protected:
  void believe() {
    trust_.believe({.device = *DeviceId::parse("drone"),
                    .ear = "token",
                    .expires_at = clock_.now() + std::chrono::seconds(60),
                    .attest_again_at = clock_.now() + std::chrono::seconds(10),
                    .epoch = Epoch{3}});
  }

  Result<void> witness(const std::string& id = "request-1") {
    const std::vector<inference::Tensor> tensors{
        {.name = "x", .type = inference::DataType::fp32, .shape = {1}, .data = {0, 0, 128, 63}}};
    const std::vector<inference::TensorView> views{
        {tensors[0].name, tensors[0].type, tensors[0].shape, tensors[0].data}};
    return reporter_.witness(
        {.model = model_, .request_id = id, .inputs = views, .outputs = tensors});
  }

  TemporaryFolder folder_;
  FakeClock clock_;
  TrustState trust_{clock_};
  ServedModel model_{.name = *ModelName::parse("voice"), .release = 2};
  Reporter reporter_{clock_, trust_, *SequenceNumbers::load(folder_.path())};
  crypto::PrivateKey key_ = crypto::PrivateKey::generate_p256();
};

TEST_F(ReporterTest, WithoutAVerdictThereIsNothingToVouchFor) {
  EXPECT_EQ(witness().error().code, "AGT-NOT-ATTESTED");
  EXPECT_EQ(reporter_.counts().waiting, 0U);
}

TEST_F(ReporterTest, AFullQueueStopsAnswersInsteadOfLosingReceipts) {
  believe();
  for (int i = 0; i < 4096; ++i)
    ASSERT_TRUE(witness().has_value());
  EXPECT_EQ(witness().error().code, "AGT-RECEIPTS-FULL");
}

TEST_F(ReporterTest, SignsWhatItWitnessedAndARetrySendsTheSameText) {
  believe();
  ASSERT_TRUE(witness().has_value());
  const auto first = reporter_.sign_waiting(key_, 8);
  const auto second = reporter_.sign_waiting(key_, 8);
  ASSERT_TRUE(first.has_value() && second.has_value());
  EXPECT_EQ(*first, *second);
  const auto receipt = ledger::verify_receipt(first->front(), key_.public_key());
  ASSERT_TRUE(receipt.has_value());
  EXPECT_EQ((*receipt)->claims.request, "request-1");
  EXPECT_EQ((*receipt)->claims.epoch, Epoch{3});
  EXPECT_EQ((*receipt)->claims.release, 2U);
  ASSERT_TRUE((*receipt)->claims.outputs.has_value());
  reporter_.settle(1, 0);
  EXPECT_EQ(reporter_.counts().waiting, 0U);
  EXPECT_EQ(reporter_.counts().accepted, 1U);
}

TEST_F(ReporterTest, ARequestIdThatAReceiptCannotHoldIsReplaced) {
  believe();
  ASSERT_TRUE(witness("line\nfeed").has_value());
  ASSERT_TRUE(witness("").has_value());
  const auto texts = reporter_.sign_waiting(key_, 8);
  ASSERT_TRUE(texts.has_value());
  for (const auto& text : *texts) {
    const auto receipt = ledger::verify_receipt(text, key_.public_key());
    ASSERT_TRUE(receipt.has_value());
    EXPECT_EQ((*receipt)->claims.request, "r" + std::to_string((*receipt)->claims.sequence));
  }
}

TEST(SequenceNumbers, ADamagedRecordIsRefused) {
  const TemporaryFolder folder;
  for (const char* damaged : {"", "0", "x", "12x", "-3"}) {
    std::ofstream(folder / "receipt-sequence") << damaged;
    EXPECT_EQ(SequenceNumbers::load(folder.path()).error().code, "AGT-SEQUENCE") << damaged;
  }
}

TEST(SequenceNumbers, ACrashLeavesAGapAndNeverUsesANumberTwice) {
  const TemporaryFolder folder;
  std::uint64_t last = 0;
  for (int run = 0; run < 3; ++run) {
    auto numbers = SequenceNumbers::load(folder.path());
    ASSERT_TRUE(numbers.has_value());
    for (int i = 0; i < 1500; ++i) {
      const auto number = numbers->take();
      ASSERT_TRUE(number.has_value());
      ASSERT_GT(*number, last);
      last = *number;
    }
  }
}

}  // namespace
}  // namespace vedette::agent
