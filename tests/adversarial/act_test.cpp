// Every act of the catalogue, at each moment of a worker's life, in the full cage: it is killed of
// it, and the evidence names exactly the call that was made.
#include <set>

#include <gtest/gtest.h>

#include "sandbox_fixture.h"
#include "trial.h"

namespace vedette::inference {
namespace {

using namespace testing;

// One line for each act that did not end as it must.
std::string faults_at(WorkerSpawner& spawner, Moment moment) {
  const auto verdicts = try_acts(spawner, strict_profile(), catalogue(), moment);
  std::string faults;
  for (std::size_t i = 0; i < verdicts.size(); ++i)
    if (const std::string fault = fault_in(catalogue()[i], verdicts[i]); !fault.empty())
      faults += fault + "\n";
  return faults;
}

class EveryAct : public ::testing::TestWithParam<Moment> {};

TEST_P(EveryAct, EndsItsWorkerWithExactEvidence) {
  EXPECT_EQ(faults_at(hostile_spawner(), GetParam()), "");
}

TEST_P(EveryAct, EndsItsWorkerWithExactEvidenceForAnOrdinaryUserToo) {
  const int exit = as_ordinary_user([] {
    const auto own = WorkerSpawner::start({hostile_worker_path(), posture()});
    const std::string faults = own ? faults_at(**own, GetParam()) : describe(own.error());
    std::fputs(faults.c_str(), stderr);
    return faults.empty() ? 0 : 1;
  });
  EXPECT_EQ(exit, 0);
}

INSTANTIATE_TEST_SUITE_P(Of, EveryAct,
                         ::testing::Values(Moment::caged, Moment::loaded, Moment::answering),
                         [](const auto& moment) {
                           switch (moment.param) {
                             case Moment::caged:
                               return "CagedWorkers";
                             case Moment::loaded:
                               return "LoadedWorkers";
                             case Moment::answering:
                               break;
                           }
                           return "AnsweringWorkers";
                         });

TEST(Catalogue, NamesEveryActOnce) {
  std::set<std::string> names;
  for (const Act& act : catalogue()) {
    EXPECT_TRUE(names.insert(act.name).second) << act.name;
    EXPECT_LE(act.name.size() + std::string("@answering").size(), kMaxDrillName) << act.name;
    EXPECT_NE(act.calls.empty(), act.deed == nullptr) << act.name;
  }
}

// Without a cage an act that none of its layers stops does succeed: the judge can tell.
TEST(Catalogue, IsNotStoppedByItsOwnClumsiness) {
  Profile profile = strict_profile();
  profile.syscall_filter = Need::off;
  const Act getpid = *find_act("getpid");
  const auto verdict =
      try_acts(hostile_spawner(), profile, std::span(&getpid, 1), Moment::caged).at(0);
  EXPECT_EQ(verdict.kind, Verdict::Kind::succeeded) << text_of(verdict);
  EXPECT_NE(fault_in(getpid, verdict), "");
}

}  // namespace
}  // namespace vedette::inference
