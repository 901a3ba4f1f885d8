// A worker in its real cage commits a forbidden act: it dies of it, whoever started it.
#include "inference/host/drill.h"

#include <gtest/gtest.h>

#include "sandbox_fixture.h"

namespace vedette::inference {
namespace {

using testing::as_ordinary_user;
using testing::posture;
using testing::worker_path;

class Drill : public ::testing::TestWithParam<DrillAct> {};

TEST_P(Drill, IsKilledByTheFilter) {
  const auto verdict = run_drill(worker_path(), GetParam(), posture());
  ASSERT_TRUE(verdict.has_value()) << describe(verdict.error());
  EXPECT_EQ(verdict->outcome, DrillVerdict::Outcome::killed) << verdict->detail;
}

TEST_P(Drill, IsKilledByTheFilterForAnOrdinaryUserToo) {
  const int exit = as_ordinary_user([] {
    const auto verdict = run_drill(worker_path(), GetParam(), posture());
    if (!verdict) {
      std::fprintf(stderr, "%s\n", describe(verdict.error()).c_str());
      return 1;
    }
    return verdict->outcome == DrillVerdict::Outcome::killed ? 0 : 2;
  });
  EXPECT_EQ(exit, 0);
}

INSTANTIATE_TEST_SUITE_P(All, Drill, ::testing::ValuesIn(kDrillActs), [](const auto& act) {
  std::string name(name_of(act.param));
  std::erase(name, '-');
  return name;
});

TEST(DrillWithoutAWorker, IsARefusal) {
  EXPECT_EQ(testing::code_of(run_drill("/nonexistent/vedette-worker", DrillAct::socket)),
            "SBX-SPAWN");
  // A program that is no worker proves nothing, however it ends.
  EXPECT_EQ(testing::code_of(run_drill("/bin/true", DrillAct::socket)), "SBX-SPAWN");
  EXPECT_EQ(testing::code_of(run_drill("/bin/false", DrillAct::socket)), "SBX-SPAWN");
}

}  // namespace
}  // namespace vedette::inference
