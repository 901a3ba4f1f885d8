#include "agent/time_record.h"

#include <array>
#include <fstream>

#include <gtest/gtest.h>

#include "testing/temporary_folder.h"

namespace vedette::agent {
namespace {

using codec::TpmClockInfo;
using std::chrono::hours;

constexpr TimePoint kTold = TimePoint(hours(500'000));

TpmClockInfo tpm(Duration clock, std::uint32_t resets, bool safe = true) {
  return {.clock = static_cast<std::uint64_t>(clock.count()),
          .reset_count = resets,
          .restart_count = 0,
          .safe = safe};
}

struct FloorRow {
  const char* why = nullptr;
  std::optional<TpmClockInfo> recorded;
  std::optional<TpmClockInfo> now;
  Duration above_told{};
  bool doubted = false;
};

TEST(TimeFloor, IsFoundByThisTable) {
  const std::array rows{
      FloorRow{"another TPM, or a cleared one: its clock is behind",
               tpm(hours(30), 5),
               tpm(hours(3), 5),
               {},
               true},
      FloorRow{"fewer resets than before", tpm(hours(30), 5), tpm(hours(60), 4), {}, true},
      FloorRow{"a power failure may cost the clock some time, and says so",
               tpm(hours(30), 5),
               tpm(hours(29), 6, false),
               {},
               false},
      FloorRow{"two thirds of what the TPM counted have passed", tpm(hours(30), 5),
               tpm(hours(60), 5), hours(20), false},
      FloorRow{"over resets too", tpm(hours(30), 5), tpm(hours(33), 9), hours(2), false},
      FloorRow{"a record of long ago that was put back", tpm(hours(1), 1), tpm(hours(3001), 40),
               hours(2000), false},
      FloorRow{"a TPM that does not tell", tpm(hours(30), 5), {}, {}, false},
      FloorRow{"a TPM that did not tell", {}, tpm(hours(30), 5), {}, false},
  };
  for (const FloorRow& row : rows) {
    const TimeFloor floor = floor_of({kTold, row.recorded}, row.now);
    EXPECT_EQ(floor.time, kTold + row.above_told) << row.why;
    EXPECT_EQ(floor.doubt.has_value(), row.doubted) << row.why;
    if (floor.doubt) {
      EXPECT_EQ(floor.doubt->code, "TIME-TPM");
    }
  }
}

TEST(TimeRecords, RefusesADamagedOne) {
  const TemporaryFolder folder;
  ASSERT_TRUE(save_time_record(folder.path(), {kTold, tpm(hours(3), 2)}));
  std::ofstream(folder / "time.json", std::ios::app) << " ";
  EXPECT_EQ(load_time_record(folder.path()).error().code, "AGT-STATE");
}

TEST(TimeRecords, AreReadAsTheyWereWritten) {
  const TemporaryFolder folder;
  EXPECT_FALSE(load_time_record(folder.path())->has_value());
  ASSERT_TRUE(save_time_record(folder.path(), {kTold, tpm(hours(3), 2)}));
  const auto record = load_time_record(folder.path());
  ASSERT_TRUE(record.has_value() && record->has_value());
  EXPECT_EQ((*record)->told, kTold);
  EXPECT_EQ((*record)->tpm->clock, static_cast<std::uint64_t>(Duration(hours(3)).count()));
  EXPECT_EQ((*record)->tpm->reset_count, 2U);
  ASSERT_TRUE(save_time_record(folder.path(), {kTold, {}}));
  EXPECT_FALSE((*load_time_record(folder.path()))->tpm.has_value());
}

}  // namespace
}  // namespace vedette::agent
