// The floors and the TPM that remembers them, over power cycles and copies of the state folder.
#include <filesystem>

#include <gtest/gtest.h>

#include "agent/release_floors.h"
#include "platform/tpm/esys/esys_tpm.h"
#include "testing/shared_tpm.h"
#include "testing/temporary_folder.h"

namespace vedette::agent {
namespace {

namespace fs = std::filesystem;

const bool kQuiet = (platform::quiet_tss2_log(), true);  // before the library's first word

using FloorsWithTpm = testing::SharedTpm;

TEST_F(FloorsWithTpm, AnOlderStateFolderIsRefusedAfterAPowerCycleToo) {
  const ModelName voice = *ModelName::parse("voice");
  const TemporaryFolder folder;
  const TemporaryFolder elsewhere;
  const auto tpm =
      platform::open_esys_tpm({shared_device->tcti(), shared_device->state_folder()}).value();
  {
    auto floors = ReleaseFloors::load(folder.path(), *tpm);
    ASSERT_TRUE(floors) << describe(floors.error());
    ASSERT_TRUE(floors->accept(voice, 1, 1));
    fs::copy(folder.path(), elsewhere / "old");
    ASSERT_TRUE(floors->accept(voice, 2, 1));
    ASSERT_TRUE(floors->step_back(voice, 2));
    ASSERT_TRUE(floors->accept(voice, 3, 3));
  }
  ASSERT_TRUE(shared_device->restart());
  const auto old = ReleaseFloors::load(elsewhere / "old", *tpm);
  ASSERT_FALSE(old.has_value());
  EXPECT_EQ(old.error().code, "AGT-FLOORS");
  const auto again = ReleaseFloors::load(folder.path(), *tpm);
  ASSERT_TRUE(again) << describe(again.error());
  EXPECT_EQ(again->of(voice), 3U);
  const TemporaryFolder empty;
  EXPECT_EQ(ReleaseFloors::load(empty.path(), *tpm).error().code, "AGT-FLOORS");
  ASSERT_TRUE(insecure_forget_floors(folder.path(), *tpm));
  EXPECT_EQ(ReleaseFloors::load(empty.path(), *tpm)->of(voice), 0U);
}

}  // namespace
}  // namespace vedette::agent
