#include "inference/sandbox/delegation.h"

#include <filesystem>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inference/sandbox/cgroup_plan.h"
#include "testing/temporary_folder.h"

namespace vedette::inference {
namespace {

using ::testing::HasSubstr;
using Words = std::vector<std::string>;

constexpr int kSelf = 40;
const Words kWanted = {"memory", "pids"};

GroupFacts delegated() {
  return {.folder = "/cg/agent.service",
          .is_root = false,
          .type = "domain",
          .offered = {"cpu", "memory", "pids"},
          .handed_down = {},
          .processes = {{kSelf, {1}, "vedette-agent"}}};
}

Error refusal_for(const GroupFacts& facts) {
  const auto steps = decide_delegation(facts, kWanted, kSelf);
  return steps ? Error{} : steps.error();
}

TEST(Delegation, RefusesAGroupWithProcessesOfOthersAndNamesThem) {
  GroupFacts facts = delegated();
  facts.processes.push_back({41, {1}, "tee"});
  facts.processes.push_back({42, {41, 1}, "cat"});
  EXPECT_EQ(refusal_for(facts).code, "SBX-GROUP-SHARED");
  EXPECT_EQ(refusal_for(facts).cause, "/cg/agent.service: 41 (tee) and 1 more");
  EXPECT_THAT(refusal_for(facts).hint, HasSubstr("Delegate=yes"));
  facts = delegated();
  facts.processes.push_back({0, {}, ""});  // the kernel's name for who is out of sight
  EXPECT_EQ(refusal_for(facts).code, "SBX-GROUP-SHARED");
  facts = delegated();
  facts.processes = {{1, {}, "init"}, {kSelf, {1}, "vedette-agent"}};  // its parent is no child
  EXPECT_EQ(refusal_for(facts).code, "SBX-GROUP-SHARED");
}

TEST(Delegation, RefusesAGroupThatIsOfferedNothingToBoundBy) {
  GroupFacts facts = delegated();
  facts.offered = {"cpu", "io"};
  EXPECT_EQ(refusal_for(facts).code, "SBX-GROUP-CONTROLLERS");
  facts.offered = {};
  EXPECT_EQ(refusal_for(facts).code, "SBX-GROUP-CONTROLLERS");
  facts.is_root = true;
  EXPECT_EQ(refusal_for(facts).code, "SBX-GROUP-CONTROLLERS");
  EXPECT_NE(refusal_for(facts).hint, "");
}

TEST(Delegation, RefusesAGroupOfThreads) {
  for (const char* type : {"threaded", "domain threaded", "domain invalid", ""}) {
    GroupFacts facts = delegated();
    facts.type = type;
    EXPECT_EQ(refusal_for(facts).code, "SBX-GROUP-THREADED") << type;
  }
}

TEST(Delegation, MovesTheAgentAndItsDescendantsAndItselfLast) {
  GroupFacts facts = delegated();
  facts.processes.push_back({41, {kSelf, 1}, "child"});
  facts.processes.push_back({42, {41, kSelf, 1}, "grandchild"});
  EXPECT_EQ(decide_delegation(facts, kWanted, kSelf),
            (DelegationSteps{{41, 42, kSelf}, {"memory", "pids"}}));
}

TEST(Delegation, MovesNothingInTheRootOfTheHierarchy) {
  GroupFacts facts = delegated();
  facts.is_root = true;
  facts.type = "";
  facts.processes.push_back({1, {}, "init"});
  EXPECT_EQ(decide_delegation(facts, kWanted, kSelf), (DelegationSteps{{}, {"memory", "pids"}}));
  facts.handed_down = {"pids"};
  EXPECT_EQ(decide_delegation(facts, kWanted, kSelf), (DelegationSteps{{}, {"memory"}}));
}

// Of an agent in its leaf, by an earlier start or by systemd's DelegateSubgroup=.
TEST(Delegation, MovesNothingOutOfAnEmptyGroup) {
  GroupFacts facts = delegated();
  facts.processes = {};
  EXPECT_EQ(decide_delegation(facts, kWanted, kSelf), (DelegationSteps{{}, {"memory", "pids"}}));
  facts.handed_down = kWanted;
  EXPECT_EQ(decide_delegation(facts, kWanted, kSelf), (DelegationSteps{}));
}

TEST(Delegation, AsksForWhatIsWantedAndOffered) {
  GroupFacts facts = delegated();
  EXPECT_EQ(decide_delegation(facts, {"pids"}, kSelf), (DelegationSteps{{kSelf}, {"pids"}}));
  facts.offered = {"memory"};
  EXPECT_EQ(decide_delegation(facts, kWanted, kSelf), (DelegationSteps{{kSelf}, {"memory"}}));
}

// --- Over a folder with the kernel's files: a group `agent` with the leaf that mkdir would make.

void write_file(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path) << text;
}

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

class FakeGroup : public ::testing::Test {
 protected:
  void SetUp() override {
    write_file(folder / "agent/cgroup.controllers", "cpuset cpu memory pids\n");
    write_file(folder / "agent/cgroup.subtree_control", "\n");
    write_file(folder / "agent/cgroup.type", "domain\n");
    write_file(folder / "agent/cgroup.procs", "40\n");
    write_file(leaf() + "/cgroup.procs", "");
    tell_process(40, "vedette-agent", 1);
    tell_process(1, "init", 0);
  }
  void tell_process(int pid, const std::string& name, int parent) const {
    write_file(folder / ("proc/" + std::to_string(pid) + "/stat"),
               std::to_string(pid) + " (" + name + ") S " + std::to_string(parent) + " 1 1 0\n");
  }
  [[nodiscard]] std::string leaf() const {
    return folder / ("agent/" + std::string(kSupervisorGroup));
  }
  [[nodiscard]] DelegationPlace place() const {
    return {
        .folder = folder / "agent", .wanted = kWanted, .self = kSelf, .processes = folder / "proc"};
  }
  [[nodiscard]] std::string refusal() const {
    const auto taken = take_delegation(place());
    return taken ? "" : taken.error().code;
  }
  [[nodiscard]] bool is_untouched() const {
    return text_of(folder / "agent/cgroup.subtree_control") == "\n" &&
           text_of(leaf() + "/cgroup.procs").empty();
  }

  TemporaryFolder folder;
};

TEST_F(FakeGroup, OfOthersTooIsLeftAlone) {
  write_file(folder / "agent/cgroup.procs", "40\n41\n");
  tell_process(41, "a (shell) S 40", 1);  // a name that reads like our child's line
  EXPECT_EQ(refusal(), "SBX-GROUP-SHARED");
  EXPECT_TRUE(is_untouched());
}

TEST_F(FakeGroup, WithAProcessThatNobodyKnowsIsLeftAlone) {
  for (const char* unknown : {"43", "0"}) {
    write_file(folder / "agent/cgroup.procs", std::string("40\n") + unknown + "\n");
    EXPECT_EQ(refusal(), "SBX-GROUP-SHARED") << unknown;
  }
  EXPECT_TRUE(is_untouched());
}

TEST_F(FakeGroup, ThatCannotBeReadIsRefused) {
  for (const char* nonsense : {"40x\n", "-40\n", "99999999999\n"}) {
    write_file(folder / "agent/cgroup.procs", nonsense);
    EXPECT_EQ(refusal(), "SBX-GROUP-UNREADABLE") << nonsense;
  }
  for (const char* file : {"cgroup.procs", "cgroup.controllers", "cgroup.subtree_control"}) {
    std::filesystem::remove(folder / (std::string("agent/") + file));
    EXPECT_EQ(refusal(), "SBX-GROUP-UNREADABLE") << file;
  }
}

TEST_F(FakeGroup, WhoseLeafTakesNobodyIsRefusedAndKeepsItsControllers) {
  std::filesystem::remove(leaf() + "/cgroup.procs");
  const auto taken = take_delegation(place());
  ASSERT_FALSE(taken.has_value());
  EXPECT_EQ(taken.error().code, "SBX-GROUP-DENIED");
  EXPECT_THAT(taken.error().cause, HasSubstr("process 40"));
  EXPECT_NE(taken.error().hint, "");
  EXPECT_EQ(text_of(folder / "agent/cgroup.subtree_control"), "\n");
}

TEST_F(FakeGroup, HasTheAgentMovedAndBothControllersHandedDown) {
  const auto taken = take_delegation(place());
  ASSERT_TRUE(taken.has_value()) << describe(taken.error());
  EXPECT_EQ(*taken, (Delegation{folder / "agent", kWanted}));
  EXPECT_EQ(text_of(leaf() + "/cgroup.procs"), "40");
  EXPECT_EQ(text_of(folder / "agent/cgroup.subtree_control"), "+memory +pids");
}

TEST_F(FakeGroup, ThatIsTheRootHasNobodyMoved) {
  std::filesystem::remove(folder / "agent/cgroup.type");
  write_file(folder / "agent/cgroup.procs", "1\n40\n");
  EXPECT_EQ(refusal(), "");
  EXPECT_EQ(text_of(leaf() + "/cgroup.procs"), "");
  EXPECT_EQ(text_of(folder / "agent/cgroup.subtree_control"), "+memory +pids");
}

TEST_F(FakeGroup, OfAnAgentThatIsInItsLeafIsTakenAgain) {
  write_file(folder / "agent/cgroup.procs", "");
  write_file(folder / "agent/cgroup.subtree_control", "memory pids\n");
  EXPECT_EQ(take_delegation(place()), (Delegation{folder / "agent", kWanted}));
  EXPECT_EQ(text_of(folder / "agent/cgroup.subtree_control"), "memory pids\n");
}

}  // namespace
}  // namespace vedette::inference
