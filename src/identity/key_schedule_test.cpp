#include "identity/key_schedule.h"

#include <array>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace vedette::identity {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr KeyTerms kTerms{};  // 24 h, 1 h ahead, kept for 61 min
constexpr TimePoint kStart = TimePoint(hours(500'000));

TimePoint at(Duration after) {
  return kStart + after;
}

struct StageRow {
  const char* why = nullptr;
  std::vector<Duration> begins;
  Duration now{};
  std::string stages;  // a letter for each: n c f s
};

std::string stages(const StageRow& row) {
  std::vector<TimePoint> begins;
  for (const Duration begin : row.begins)
    begins.push_back(at(begin));
  std::string text;
  for (std::size_t i = 0; i < begins.size(); ++i)
    text += "ncfs"[static_cast<std::size_t>(stage_of(begins, i, kTerms, at(row.now)))];
  return text;
}

TEST(KeySchedule, TellsStagesByThisTable) {
  const Duration year = hours(8760);
  for (const StageRow& row : {
           StageRow{"one key signs", {hours(0)}, hours(1), "c"},
           StageRow{"and goes on while none follows", {hours(0)}, year, "c"},
           StageRow{
               "the next is published, and does not sign", {hours(0), hours(24)}, hours(23), "cn"},
           StageRow{"it signs from its beginning on", {hours(0), hours(24)}, hours(24), "fc"},
           StageRow{"the former is kept", {hours(0), hours(24)}, hours(24) + minutes(60), "fc"},
           StageRow{"and then no longer", {hours(0), hours(24)}, hours(24) + minutes(61), "sc"},
           StageRow{"three in a row", {hours(0), hours(24), hours(48)}, hours(47), "scn"},
           StageRow{"a key of a wrong clock is none", {hours(0), 10 * year}, hours(1), "cs"},
           StageRow{"nor ends it another", {hours(0), 10 * year}, hours(30), "cs"},
           StageRow{"all of a wrong clock", {10 * year}, hours(1), "s"},
       })
    EXPECT_EQ(stages(row), row.stages) << row.why;
}

struct MakeRow {
  const char* why = nullptr;
  std::vector<Duration> begins;
  Duration now{};
  std::optional<Duration> made;
};

TEST(KeySchedule, HasKeysMadeByThisTable) {
  const Duration year = hours(8760);
  for (const MakeRow& row : {
           MakeRow{"the first, at once", {}, hours(0), hours(0)},
           MakeRow{"none while one is young", {hours(0)}, hours(22), {}},
           MakeRow{"the next, an hour ahead", {hours(0)}, hours(23), hours(24)},
           MakeRow{"and no other beside it", {hours(0), hours(24)}, hours(23), {}},
           MakeRow{"late: still published for an hour before it signs",
                   {hours(0)},
                   hours(100),
                   hours(101)},
           MakeRow{"none of the present: at once", {10 * year}, hours(5), hours(5)},
           MakeRow{"what a wrong clock made does not count",
                   {hours(0), 10 * year},
                   hours(23),
                   hours(24)},
       }) {
    std::vector<TimePoint> begins;
    for (const Duration begin : row.begins)
      begins.push_back(at(begin));
    const auto made = key_to_make(begins, kTerms, at(row.now));
    EXPECT_EQ(made.has_value(), row.made.has_value()) << row.why;
    if (made && row.made) {
      EXPECT_EQ(*made, at(*row.made)) << row.why;
    }
  }
}

// A month in virtual time, looked at each five minutes.
TEST(KeySchedule, AlwaysHasOneThatSignsAndNeverMoreThanThree) {
  std::vector<TimePoint> begins;
  for (TimePoint now = kStart; now < kStart + hours(720); now += minutes(5)) {
    if (const auto made = key_to_make(begins, kTerms, now)) begins.push_back(*made);
    std::array<int, 4> count{};
    std::vector<TimePoint> kept;
    for (std::size_t i = 0; i < begins.size(); ++i) {
      const KeyStage stage = stage_of(begins, i, kTerms, now);
      ++count.at(static_cast<std::size_t>(stage));
      if (stage != KeyStage::stale) kept.push_back(begins[i]);
    }
    ASSERT_EQ(count[static_cast<std::size_t>(KeyStage::current)], 1);
    ASSERT_LE(kept.size(), 3U);
    begins = kept;
  }
}

}  // namespace
}  // namespace vedette::identity
