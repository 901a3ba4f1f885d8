#include "agent/quarantine.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "agent/state_file.h"
#include "testing/temporary_folder.h"

namespace vedette::agent {
namespace {

QuarantinedModel model(std::uint16_t number) {
  QuarantinedModel model{.model = *ModelName::parse("voice"),
                         .release = 2,
                         .cause = "system call socket (41)",
                         .since = from_unix_seconds(1'795'438'387)};
  model.model_root[0] = static_cast<std::uint8_t>(number >> 8U);
  model.model_root[1] = static_cast<std::uint8_t>(number);
  return model;
}

class QuarantineTest : public ::testing::Test {
 protected:
  std::unique_ptr<Quarantine> open() {
    auto quarantine = Quarantine::load(folder_.path());
    EXPECT_TRUE(quarantine.has_value()) << describe(quarantine.error());
    return quarantine ? *std::move(quarantine) : nullptr;
  }
  static std::string check(Quarantine& quarantine, std::uint16_t number) {
    const auto checked = quarantine.check(model(number).model_root);
    return checked ? "" : checked.error().code;
  }
  std::string leave_note(std::uint16_t number) {
    const auto left = leave_lift_note(folder_.path(), to_hex(model(number).model_root));
    return left ? "" : left.error().code;
  }

  TemporaryFolder folder_;
  std::string path_ = folder_ / "quarantine.json";
};

TEST_F(QuarantineTest, ADamagedRecordIsRefused) {
  ASSERT_TRUE(open()->add(model(1)).has_value());
  std::filesystem::resize_file(path_, std::filesystem::file_size(path_) - 1);
  EXPECT_EQ(Quarantine::load(folder_.path()).error().code, "AGT-QUARANTINE");
  EXPECT_EQ(read_quarantine(folder_.path()).error().code, "AGT-QUARANTINE");
  for (const char* damaged : {"", "{}", "[]"}) {
    std::ofstream(path_, std::ios::trunc) << damaged;
    EXPECT_EQ(Quarantine::load(folder_.path()).error().code, "AGT-QUARANTINE") << damaged;
  }
}

TEST_F(QuarantineTest, RefusesTheModelByItsRootWithCauseAndRemedyOverRestarts) {
  ASSERT_TRUE(open()->add(model(1)).has_value());
  const auto quarantine = open();
  EXPECT_TRUE(quarantine->contains(model(1).model_root));
  const auto refused = quarantine->check(model(1).model_root);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, "SBX-QUARANTINED");
  EXPECT_NE(refused.error().cause.find("system call socket (41)"), std::string::npos);
  EXPECT_NE(refused.error().cause.find("2026-11-23T12:53:07Z"), std::string::npos);
  EXPECT_NE(refused.error().hint.find("publish a new release"), std::string::npos);
  EXPECT_NE(refused.error().hint.find("quarantine lift " + to_hex(model(1).model_root)),
            std::string::npos);
  EXPECT_EQ(check(*quarantine, 2), "");
}

TEST_F(QuarantineTest, HoldsEvenWhereTheDiskRefuses) {
  const auto quarantine = open();
  std::filesystem::rename(folder_.path(), folder_.path() + ".gone");
  EXPECT_EQ(quarantine->add(model(1)).error().code, "FILE-CREATE");
  EXPECT_EQ(check(*quarantine, 1), "SBX-QUARANTINED");
  std::filesystem::rename(folder_.path() + ".gone", folder_.path());
  ASSERT_TRUE(quarantine->add(model(1)).has_value());  // the next violation records it after all
  EXPECT_EQ(check(*open(), 1), "SBX-QUARANTINED");
}

TEST_F(QuarantineTest, WhenFullNoModelStartsUntilOneIsLifted) {
  codec::Json::Array models;
  for (std::uint16_t i = 0; i < 127; ++i)
    models.push_back(to_json(model(i)));
  ASSERT_TRUE(write_state_file(path_, codec::Json::Object{{"models", std::move(models)}}, 1U << 20U)
                  .has_value());
  const auto quarantine = open();
  EXPECT_EQ(check(*quarantine, 3000), "");
  ASSERT_TRUE(quarantine->add(model(127)).has_value());
  EXPECT_EQ(quarantine->add(model(2000)).error().code, "AGT-QUARANTINE-FULL");
  EXPECT_EQ(check(*quarantine, 2000), "SBX-QUARANTINED");
  EXPECT_EQ(check(*open(), 3000), "SBX-QUARANTINED");
  EXPECT_TRUE(*quarantine->lift(model(5).model_root));
  EXPECT_EQ(check(*quarantine, 3000), "");
  EXPECT_EQ(check(*quarantine, 6), "SBX-QUARANTINED");
}

TEST_F(QuarantineTest, TheFirstCauseStays) {
  const auto quarantine = open();
  ASSERT_TRUE(quarantine->add(model(1)).has_value());
  QuarantinedModel again = model(1);
  again.cause = "something else";
  ASSERT_TRUE(quarantine->add(again).has_value());
  ASSERT_EQ(quarantine->all().size(), 1U);
  EXPECT_EQ(quarantine->all()[0].cause, model(1).cause);
}

TEST_F(QuarantineTest, LiftingIsRememberedAndSaysWhetherThereWasAny) {
  const auto quarantine = open();
  EXPECT_FALSE(*quarantine->lift(model(1).model_root));
  ASSERT_TRUE(quarantine->add(model(1)).has_value());
  EXPECT_TRUE(*quarantine->lift(model(1).model_root));
  EXPECT_EQ(check(*quarantine, 1), "");
  EXPECT_EQ(check(*open(), 1), "");
}

TEST_F(QuarantineTest, ANoteIsRefusedForWhatIsNotInQuarantine) {
  ASSERT_TRUE(open()->add(model(1)).has_value());
  EXPECT_EQ(leave_note(2), "AGT-NOT-QUARANTINED");
  for (const std::string& root : {std::string(), std::string("../x"), std::string(64, 'G'),
                                  std::string(64, 'A'), std::string(62, '0')})
    EXPECT_EQ(leave_lift_note(folder_.path(), root).error().code, "HEX-SYNTAX") << root;
}

TEST_F(QuarantineTest, ANoteLiftsWhileTheAgentRunsAndOnlyOnce) {
  const auto quarantine = open();
  ASSERT_TRUE(quarantine->add(model(1)).has_value());
  ASSERT_EQ(leave_note(1), "");
  EXPECT_EQ(check(*quarantine, 1), "");
  EXPECT_EQ(check(*open(), 1), "");
  ASSERT_TRUE(quarantine->add(model(1)).has_value());
  EXPECT_EQ(check(*quarantine, 1), "SBX-QUARANTINED");
}

TEST_F(QuarantineTest, AViolationAfterTheNoteVoidsIt) {
  const auto quarantine = open();
  ASSERT_TRUE(quarantine->add(model(1)).has_value());
  ASSERT_EQ(leave_note(1), "");
  ASSERT_TRUE(quarantine->add(model(1)).has_value());
  EXPECT_EQ(check(*quarantine, 1), "SBX-QUARANTINED");
}

}  // namespace
}  // namespace vedette::agent
