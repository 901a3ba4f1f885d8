#include "agent/fetch.h"

#include <fstream>

#include <gtest/gtest.h>

#include "testing/temporary_folder.h"

namespace vedette::agent {
namespace {

const ModelName kVoice = *ModelName::parse("voice");

TEST(ReleaseFloors, ADamagedRecordIsRefusedAndNotForgotten) {
  const TemporaryFolder folder;
  for (const char* damaged : {"", "[]", "{\"voice\":\"2\"}", "{\"voice\":0}", "{\"voice\":1"}) {
    std::ofstream(folder / "release-floors.json") << damaged;
    EXPECT_EQ(ReleaseFloors::load(folder.path()).error().code, "AGT-FLOORS") << damaged;
  }
}

TEST(ReleaseFloors, OnlyRiseAndSurviveARestart) {
  const TemporaryFolder folder;
  auto floors = ReleaseFloors::load(folder.path());
  ASSERT_TRUE(floors.has_value());
  EXPECT_EQ(floors->of(kVoice), 0U);
  ASSERT_TRUE(floors->raise(kVoice, 7).has_value());
  ASSERT_TRUE(floors->raise(kVoice, 3).has_value());
  const auto again = ReleaseFloors::load(folder.path());
  ASSERT_TRUE(again.has_value());
  EXPECT_EQ(again->of(kVoice), 7U);
}

}  // namespace
}  // namespace vedette::agent
