#include "cli/findings.h"

#include <gtest/gtest.h>

namespace vedette::cli {
namespace {

using inference::DrillAct;
using inference::DrillVerdict;

MachineFacts good_machine() {
  return {.kernel = "Linux 6.1 x86_64",
          .user_namespaces = true,
          .namespaces_cause = {},
          .landlock_abi = 4,
          .siblings = inference::SiblingThreads::fenced,
          .training = inference::BranchTraining::separable,
          .coarse_clock = true,
          .seccomp_filter = true,
          .delegation = inference::Delegation{"/sys/fs/cgroup/agent.service", {"memory", "pids"}},
          .tpm_present = true,
          .tpm_usable = true,
          .software_tpm = false,
          .clock_synchronised = true,
          .runs_as_root = false};
}

Standing standing_of(const std::vector<Finding>& findings, std::string_view name) {
  for (const Finding& finding : findings)
    if (finding.name == name) return finding.standing;
  ADD_FAILURE() << "no finding " << name;
  return Standing::good;
}

TEST(Machine, WithoutALayerOfTheCageLacksWhatIsRequired) {
  MachineFacts facts = good_machine();
  facts.user_namespaces = false;
  EXPECT_EQ(standing_of(judge_machine(facts), "namespaces"), Standing::missing);
  facts = good_machine();
  facts.landlock_abi = 0;
  EXPECT_EQ(standing_of(judge_machine(facts), "landlock"), Standing::missing);
  facts = good_machine();
  facts.siblings = inference::SiblingThreads::shared;
  EXPECT_EQ(standing_of(judge_machine(facts), "sibling threads"), Standing::missing);
  facts = good_machine();
  facts.seccomp_filter = false;
  EXPECT_EQ(standing_of(judge_machine(facts), "seccomp"), Standing::missing);
  EXPECT_FALSE(all_required(judge_machine(facts)));
}

TEST(Machine, HasThePostureThatItsKernelAllows) {
  using inference::Posture;
  MachineFacts facts = good_machine();
  EXPECT_EQ(strongest_posture(facts), Posture::full);
  facts.landlock_abi = 0;
  EXPECT_EQ(strongest_posture(facts), Posture::without_landlock);
  EXPECT_EQ(standing_of(judge_machine(facts), "posture"), Standing::insecure);
  facts = good_machine();
  facts.user_namespaces = false;
  EXPECT_EQ(strongest_posture(facts), std::nullopt);
  facts.runs_as_root = true;
  EXPECT_EQ(strongest_posture(facts), Posture::without_user_namespace);
  facts.landlock_abi = 0;  // never two layers less
  EXPECT_EQ(strongest_posture(facts), std::nullopt);
  facts = good_machine();
  facts.siblings = inference::SiblingThreads::shared;
  EXPECT_EQ(strongest_posture(facts), Posture::without_core_scheduling);
  facts.landlock_abi = 0;
  facts.runs_as_root = true;
  EXPECT_EQ(strongest_posture(facts), std::nullopt);
  facts = good_machine();
  facts.siblings = inference::SiblingThreads::none;
  EXPECT_EQ(strongest_posture(facts), Posture::full);
  facts = good_machine();
  facts.seccomp_filter = false;
  EXPECT_EQ(strongest_posture(facts), std::nullopt);
  EXPECT_EQ(standing_of(judge_machine(facts), "posture"), Standing::missing);
}

TEST(Machine, SpellsOutWhatIsInsecureWithoutFailing) {
  MachineFacts facts = good_machine();
  facts.tpm_usable = facts.tpm_present = facts.clock_synchronised = false;
  facts.software_tpm = facts.runs_as_root = true;
  facts.training = inference::BranchTraining::unhindered;
  facts.coarse_clock = false;
  const auto findings = judge_machine(facts);
  for (const char* name : {"tpm", "clock", "user", "branch prediction", "coarse clock"})
    EXPECT_EQ(standing_of(findings, name), Standing::insecure) << name;
  EXPECT_TRUE(all_required(findings));
}

TEST(Machine, SaysWhatBoundsAWorkerAndWhyNothingDoes) {
  const auto finding_of = [](const MachineFacts& facts) {
    for (Finding& finding : judge_machine(facts))
      if (finding.name == "cgroups") return finding;
    return Finding{};
  };
  MachineFacts facts = good_machine();
  facts.delegation = refuse("SBX-GROUP-SHARED", "others are here", "7 (tee)", "move");
  EXPECT_EQ(finding_of(facts).standing, Standing::insecure);
  EXPECT_EQ(finding_of(facts).detail,
            "none bounds a worker that is started from here: others are here (7 (tee))");
  EXPECT_EQ(finding_of(facts).hint, "move");
  facts.delegation = inference::Delegation{};  // of version 1
  EXPECT_EQ(finding_of(facts).standing, Standing::insecure);
  facts.runs_as_root = true;
  EXPECT_EQ(finding_of(facts).standing, Standing::good);
  facts.delegation = inference::Delegation{"/cg/agent", {"pids"}};
  EXPECT_EQ(finding_of(facts).detail,
            "version 2: pids of a worker are bounded as a whole, in /cg/agent");
}

TEST(Machine, NeverComplainsWithoutAHint) {
  for (const Finding& finding : judge_machine({})) {
    EXPECT_EQ(finding.standing == Standing::good, finding.hint.empty()) << finding.name;
  }
}

TEST(Machine, ThatHasEverythingIsGood) {
  for (const Finding& finding : judge_machine(good_machine()))
    EXPECT_EQ(finding.standing, Standing::good) << finding.name;
}

TEST(Drill, ThatCouldNotBeRunOrLeakedFailsTheMachine) {
  EXPECT_EQ(judge_drill(DrillAct::socket, refuse("SBX-CAGE-USER", "no user namespace")).standing,
            Standing::missing);
  EXPECT_EQ(
      judge_drill(DrillAct::socket, DrillVerdict{DrillVerdict::Outcome::leaked, "it did", {}, {}})
          .standing,
      Standing::missing);
}

TEST(Drill, HoldsFullyOnlyWhenTheFilterKilled) {
  EXPECT_EQ(
      judge_drill(DrillAct::exec, DrillVerdict{DrillVerdict::Outcome::refused, "EPERM", {}, {}})
          .standing,
      Standing::insecure);
  EXPECT_EQ(
      judge_drill(DrillAct::exec, DrillVerdict{DrillVerdict::Outcome::killed, "socket", {}, {}})
          .standing,
      Standing::good);
}

TEST(Program, OnlyTheWorkerIsRequired) {
  EXPECT_EQ(judge_program("vedette-worker", false).standing, Standing::missing);
  EXPECT_EQ(judge_program("vedette-agent", false).standing, Standing::good);
}

TEST(Findings, ShowStandingDetailAndHint) {
  const std::vector<Finding> findings{
      {.name = "tpm", .standing = Standing::insecure, .detail = "none", .hint = "get one"},
      {.name = "seccomp", .standing = Standing::good, .detail = "there", .hint = {}}};
  EXPECT_EQ(findings_text(findings, false),
            "insecure  tpm      none\n                   get one\nok        seccomp  there\n");
  const codec::Json json = findings_json(findings);
  EXPECT_TRUE(json.boolean("ready").value_or(false));
  EXPECT_EQ(json.find("findings")->if_array()->size(), 2U);
}

TEST(Probe, TellsTheKernelOfThisMachine) {
  const MachineFacts facts = probe_machine();
  EXPECT_TRUE(facts.kernel.starts_with("Linux ")) << facts.kernel;
  EXPECT_EQ(facts.user_namespaces, facts.namespaces_cause.empty());
}

}  // namespace
}  // namespace vedette::cli
