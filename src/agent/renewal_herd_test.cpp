// 100,000 devices whose certificates were issued in one moment, in virtual time.
#include <algorithm>
#include <numeric>
#include <queue>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "agent/renewal_plan.h"

namespace vedette::agent {
namespace {

using identity::CertificateLife;
using identity::RenewalAdvice;

constexpr std::size_t kDevices = 100'000;
constexpr int kLifeSeconds = 3'600;
constexpr CertificateLife kLife{TimePoint{}, TimePoint{} + std::chrono::seconds(kLifeSeconds)};
// Windows lie from one half of the life to three quarters.
constexpr int kFirst = kLifeSeconds / 2;
constexpr int kLast = kLifeSeconds * 3 / 4;
// Renewals per second that the server takes in: twice and a half of what an even spread asks for.
constexpr int kCapacity = 280;

struct Outage {
  int from = 0;
  int to = 0;
};

struct Course {
  std::vector<int> renewed = std::vector<int>(kLifeSeconds);   // per second
  std::vector<int> attempts = std::vector<int>(kLifeSeconds);  // likewise, those that failed too
  std::size_t expired = 0;
  int last = 0;  // the second of the last renewal
};

class Herd {
 public:
  explicit Herd(bool steered) : plans_(kDevices) {
    for (std::size_t i = 0; i < kDevices; ++i) {
      plans_[i].begin(kLife, kLife.not_before, luck());
      const std::string name = "spiffe://a/device/drone-" + std::to_string(i);
      if (steered)
        plans_[i].advised(
            RenewalAdvice{identity::suggested_window(kLife, name), std::chrono::seconds(300)},
            kLife.not_before);
      due_.emplace(plans_[i].at(), i);
    }
  }

  Course run(const Outage& outage) {
    Course course;
    for (int second = 0; second < kLifeSeconds; ++second) {
      const TimePoint now = TimePoint{} + std::chrono::seconds(second);
      const bool away = second >= outage.from && second < outage.to;
      int left = away ? 0 : kCapacity;
      while (!due_.empty() && due_.top().first <= now) {
        const std::size_t device = due_.top().second;
        due_.pop();
        ++course.attempts.at(static_cast<std::size_t>(second));
        if (left > 0) {
          --left;
          ++course.renewed.at(static_cast<std::size_t>(second));
          course.last = second;
          continue;
        }
        const auto wait = away ? std::nullopt : std::optional<Duration>(turned_away());
        plans_[device].failed(now, wait, luck());
        due_.emplace(std::max(plans_[device].at(), now + std::chrono::seconds(1)), device);
      }
    }
    course.expired = due_.size();
    return course;
  }

 private:
  double luck() { return std::uniform_real_distribution<double>(0.0, 1.0)(random_); }
  // As the server says it: 5 to 15 seconds (answers.cpp).
  Duration turned_away() {
    return std::chrono::seconds(std::uniform_int_distribution<int>(5, 15)(random_));
  }

  using Due = std::pair<TimePoint, std::size_t>;
  std::mt19937 random_{1};  // NOLINT(bugprone-random-generator-seed): the same course each time
  std::vector<RenewalPlan> plans_;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
};

int most(const std::vector<int>& counts) {
  return *std::ranges::max_element(counts);
}

TEST(RenewalHerd, SteeredSpreadsEvenlyOverAQuarterOfTheLife) {
  const Course course = Herd(true).run({});
  EXPECT_EQ(course.expired, 0U);
  EXPECT_LE(course.last, kLast);
  // 111 per second on the average; windows overlap, so that the middle is a little above it.
  EXPECT_LE(most(course.attempts), 2 * static_cast<int>(kDevices) / (kLast - kFirst));
  const auto in_minute = [&](int second) {
    const auto at = course.renewed.begin() + second;
    return std::accumulate(at, at + 60, 0);
  };
  for (int second = kFirst + 180; second + 240 <= kLast; second += 60) {
    EXPECT_GT(in_minute(second), 7'300) << second;
    EXPECT_LT(in_minute(second), 8'700) << second;
  }
}

TEST(RenewalHerd, ByItsOwnRuleAloneItSpreadsToo) {
  const Course course = Herd(false).run({});
  EXPECT_EQ(course.expired, 0U);
  EXPECT_LE(most(course.attempts), 2 * static_cast<int>(kDevices) / (kLifeSeconds / 6));
}

TEST(RenewalHerd, NoneExpiresWhenTheServerIsAwayForHalfOfTheWindow) {
  for (const int from : {kFirst, (kFirst + kLast) / 2}) {
    const Outage outage{from, from + (kLast - kFirst) / 2};
    const Course course = Herd(true).run(outage);
    EXPECT_EQ(course.expired, 0U) << from;
    EXPECT_LT(course.last, kLifeSeconds * 11 / 12) << from;
    RecordProperty("most_attempts_per_second", most(course.attempts));
    RecordProperty("last_renewal", course.last);
  }
}

TEST(RenewalHerd, ASimulationWithoutEnoughCapacityDoesNotHideIt) {
  const Course course = Herd(true).run({0, kLifeSeconds - 60});
  EXPECT_GT(course.expired, kDevices / 2);
}

}  // namespace
}  // namespace vedette::agent
