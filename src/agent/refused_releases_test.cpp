#include "agent/refused_releases.h"

#include <gtest/gtest.h>

#include "testing/fake_clock.h"

namespace vedette::agent {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class RefusedReleasesTest : public ::testing::Test {
 protected:
  [[nodiscard]] std::string check(const crypto::Sha256Digest& statement) const {
    const auto checked = refused_.check(voice_, statement, clock_.now());
    return checked ? "" : checked.error().code;
  }
  void fail(const crypto::Sha256Digest& statement, const char* code = "ADM-OPERATOR") {
    refused_.add(voice_, statement, {code, "no", {}, {}}, clock_.now());
  }

  FakeClock clock_;
  ModelName voice_ = *ModelName::parse("voice");
  crypto::Sha256Digest first_ = crypto::sha256(as_bytes("1"));
  crypto::Sha256Digest second_ = crypto::sha256(as_bytes("2"));
  RefusedReleases refused_{minutes(1)};
};

TEST_F(RefusedReleasesTest, EachFailureDoublesTheWaitUpToAnHour) {
  EXPECT_EQ(check(first_), "");
  for (const Duration wait : {minutes(1), minutes(2), minutes(4), minutes(8), minutes(16),
                              minutes(32), minutes(60), minutes(60)}) {
    fail(first_);
    clock_.advance(wait - Duration(1));
    EXPECT_EQ(check(first_), "ADM-OPERATOR") << wait.count();
    clock_.advance(Duration(1));
    EXPECT_EQ(check(first_), "") << wait.count();
  }
}

TEST_F(RefusedReleasesTest, AnotherReleaseIsTriedAtOnceAndHasAWaitOfItsOwn) {
  fail(first_);
  fail(first_);
  EXPECT_EQ(check(second_), "");
  EXPECT_TRUE(refused_.check(*ModelName::parse("gauge"), first_, clock_.now()).has_value());
  fail(second_, "AGT-CONTRACT-GOLDEN");
  EXPECT_EQ(check(second_), "AGT-CONTRACT-GOLDEN");
  EXPECT_EQ(check(first_), "") << "it may be right again";
  clock_.advance(minutes(1));
  EXPECT_EQ(check(second_), "");
}

TEST_F(RefusedReleasesTest, AWaitThatIsLongerThanAnHourStaysAsItIs) {
  refused_ = RefusedReleases(hours(2));
  fail(first_);
  fail(first_);
  clock_.advance(hours(2) - seconds(1));
  EXPECT_EQ(check(first_), "ADM-OPERATOR");
  clock_.advance(seconds(1));
  EXPECT_EQ(check(first_), "");
}

}  // namespace
}  // namespace vedette::agent
