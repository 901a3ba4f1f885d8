#include "identity/renewal.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

namespace vedette::identity {
namespace {

using std::chrono::seconds;

constexpr TimePoint kBegin{};
constexpr CertificateLife kLife{kBegin, kBegin + seconds(3600)};  // sixths end at 600 and 3000

constexpr TimePoint at(int second) {
  return kBegin + seconds(second);
}

struct PlanRow {
  const char* why = nullptr;
  std::optional<RenewalWindow> window;
  int begins = 0;
  double luck = 0;
  int planned = 0;
};

TEST(RenewalTime, IsPlannedByThisTable) {
  const std::array rows{
      PlanRow{"own rule: seven twelfths at the earliest", {}, 0, 0.0, 2100},
      PlanRow{"own rule: two thirds in the middle", {}, 0, 0.5, 2400},
      PlanRow{"the window's start", RenewalWindow{at(1900), at(2000)}, 0, 0.0, 1900},
      PlanRow{"a point within the window", RenewalWindow{at(1900), at(2000)}, 0, 0.25, 1925},
      PlanRow{"not beyond the floor before expiry", RenewalWindow{at(2990), at(9000)}, 0, 0.9,
              3000},
      PlanRow{"not in a loop", RenewalWindow{at(-500), at(10)}, 0, 0.9, 600},
      PlanRow{"late: not with all others at once", RenewalWindow{at(1900), at(2000)}, 2500, 0.5,
              2575},
      PlanRow{"late: still not beyond the floor", {}, 2990, 0.9, 3000},
      PlanRow{"too late: at once", {}, 3300, 0.9, 3300},
  };
  for (const PlanRow& row : rows)
    EXPECT_EQ(planned_renewal(kLife, row.window, at(row.begins), row.luck), at(row.planned))
        << row.why;
}

struct AttemptRow {
  const char* why = nullptr;
  int now = 0;
  Duration back_off{};
  std::optional<Duration> retry_after;
  double luck = 0;
  int next = 0;
};

TEST(RenewalTime, IsTriedAgainByThisTable) {
  const std::array rows{
      AttemptRow{"the own back-off", 2000, seconds(4), {}, 0.0, 2004},
      AttemptRow{"the server's word where it is longer", 2000, seconds(4), seconds(120), 0.0, 2120},
      AttemptRow{"the own back-off where that is longer", 2000, seconds(60), seconds(5), 0.0, 2060},
      AttemptRow{"luck only lengthens", 2000, seconds(4), seconds(100), 0.5, 2125},
      AttemptRow{"no word moves it beyond the floor", 2990, seconds(4), seconds(600), 0.9, 3000},
      AttemptRow{"beyond the floor: a quarter of what is left", 3200, seconds(60), seconds(600),
                 0.9, 3300},
      AttemptRow{"beyond the floor: back-off goes on", 3200, seconds(10), {}, 0.0, 3210},
      AttemptRow{"after the end: at once", 3700, seconds(10), {}, 0.0, 3700},
  };
  for (const AttemptRow& row : rows)
    EXPECT_EQ(next_renewal_attempt(kLife, at(row.now), row.back_off, row.retry_after, row.luck),
              at(row.next))
        << row.why;
}

TEST(RenewalTime, AWindowIsTheSameEachTimeAndAnotherForAnotherDevice) {
  const auto one = suggested_window(kLife, "spiffe://a/device/drone-1");
  EXPECT_EQ(one, suggested_window(kLife, "spiffe://a/device/drone-1"));
  EXPECT_NE(one, suggested_window(kLife, "spiffe://a/device/drone-2"));
}

TEST(RenewalTime, WindowsOfAFleetThatWasIssuedAtOnceSpreadEvenly) {
  constexpr int kDevices = 100'000;
  constexpr int kBins = 50;
  std::array<int, kBins> starts{};
  for (int i = 0; i < kDevices; ++i) {
    const auto window = suggested_window(kLife, "spiffe://a/device/drone-" + std::to_string(i));
    ASSERT_GE(window.start, at(1800));
    ASSERT_LE(window.end, at(2700));
    ASSERT_EQ(window.end - window.start, seconds(150));
    const auto into =
        std::chrono::duration_cast<std::chrono::milliseconds>(window.start - at(1800));
    ++starts.at(static_cast<std::size_t>(into.count() * kBins / 750'000));
  }
  for (const int count : starts) {  // 2,000 each: six standard deviations are 268
    EXPECT_GT(count, 1'730);
    EXPECT_LT(count, 2'270);
  }
}

}  // namespace
}  // namespace vedette::identity
