#include <filesystem>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inference/sandbox/cgroup.h"
#include "testing/temporary_folder.h"

namespace vedette::inference {
namespace {

using Hierarchies = std::vector<CgroupPlan::Hierarchy>;

TEST(CgroupPlan, IsEmptyWithoutGroupsOrMounts) {
  EXPECT_TRUE(plan_cgroups("", "").hierarchies.empty());
  EXPECT_TRUE(plan_cgroups("0::/\n", "").hierarchies.empty());
  EXPECT_TRUE(
      plan_cgroups("", "30 20 0:1 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n").hierarchies.empty());
}

TEST(CgroupPlan, PassesOverLinesThatMakeNoSense) {
  EXPECT_TRUE(plan_cgroups("nonsense\n::\n4\n", "a b c - d\n- - -\n\n").hierarchies.empty());
}

TEST(CgroupPlan, FindsVersion2) {
  const auto plan = plan_cgroups(
      "0::/system.slice/agent.service\n",
      "35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n");
  EXPECT_EQ(plan.hierarchies,
            (Hierarchies{{"/sys/fs/cgroup/system.slice/agent.service", {}, true}}));
}

TEST(CgroupPlan, FindsTheTwoHierarchiesOfVersion1ThatBound) {
  const auto plan = plan_cgroups("9:name=systemd:/\n8:pids:/\n4:memory:/a:b/c\n3:cpuset:/\n",
                                 "40 1 0:20 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset\n"
                                 "41 1 0:21 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
                                 "42 1 0:22 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n");
  EXPECT_EQ(plan.hierarchies, (Hierarchies{{"/sys/fs/cgroup/pids", {"pids"}, false},
                                           {"/sys/fs/cgroup/memory/a:b/c", {"memory"}, false}}));
}

TEST(CgroupPlan, FindsBothVersionsAtOnce) {
  const auto plan = plan_cgroups("4:memory:/x\n0::/x\n",
                                 "41 1 0:21 / /cg/memory rw - cgroup cgroup rw,memory\n"
                                 "43 1 0:23 / /cg/unified rw - cgroup2 cgroup2 rw\n");
  EXPECT_EQ(plan.hierarchies,
            (Hierarchies{{"/cg/memory/x", {"memory"}, false}, {"/cg/unified/x", {}, true}}));
}

TEST(CgroupBase, RemovesWhatDeadZygotesLeftAndNothingElse) {
  const TemporaryFolder folder;
  const int dead = [] {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(0);
    ::waitpid(child, nullptr, 0);
    return child;
  }();
  const std::string ours = "vedette-" + std::to_string(::getpid());
  const std::string left = folder / ("vedette-" + std::to_string(dead));
  const std::vector<std::string> kept = {"vedette-x", "vedette-1-1", "system.slice"};
  std::filesystem::create_directories(left + "/worker-1");
  for (const std::string& name : kept)
    std::filesystem::create_directory(folder / name);
  {
    const CgroupBase base(
        {.hierarchies = {{folder.path(), {"memory"}, false}, {"/nonexistent", {}, true}}});
    EXPECT_FALSE(std::filesystem::exists(left));
    EXPECT_TRUE(std::filesystem::exists(folder / ours));
    EXPECT_EQ(base.plan().hierarchies, (Hierarchies{{folder / ours, {"memory"}, false}}));
  }
  EXPECT_FALSE(std::filesystem::exists(folder / ours));
  for (const std::string& name : kept)
    EXPECT_TRUE(std::filesystem::exists(folder / name)) << name;
}

TEST(CgroupPlan, PassesOverAGroupThatNoMountShows) {
  const std::string mount = "41 1 0:21 / /cg rw - cgroup2 cgroup2 rw\n";
  EXPECT_TRUE(plan_cgroups("0::/..\n", mount).hierarchies.empty());
  EXPECT_TRUE(plan_cgroups("0::/../elsewhere\n", mount).hierarchies.empty());
  const std::string part = "41 1 0:21 /docker/1 /cg rw - cgroup2 cgroup2 rw\n";
  EXPECT_TRUE(plan_cgroups("0::/docker/12\n", part).hierarchies.empty());
  EXPECT_EQ(plan_cgroups("0::/docker/1\n", part + "42 1 0:21 /else /x rw - cgroup2 cgroup2 rw\n")
                .hierarchies,
            (Hierarchies{{"/cg", {}, true}}));
}

TEST(CgroupPlan, HasWorkersBesideTheLeafOfTheirAgent) {
  const std::string mount = "41 1 0:21 / /cg rw - cgroup2 cgroup2 rw\n";
  const auto folder_of = [&](const std::string& path) {
    return plan_cgroups("0::" + path + "\n", mount).hierarchies.at(0).folder;
  };
  EXPECT_EQ(folder_of("/agent.service/vedette-supervisor"), "/cg/agent.service");
  EXPECT_EQ(folder_of("/vedette-supervisor"), "/cg");
  EXPECT_EQ(folder_of("/vedette-supervisor/agent"), "/cg/vedette-supervisor/agent");
  EXPECT_EQ(folder_of("/not-vedette-supervisor"), "/cg/not-vedette-supervisor");
  EXPECT_EQ(plan_cgroups("4:memory:/vedette-supervisor\n",
                         "41 1 0:20 / /cg/memory rw - cgroup cgroup rw,memory\n")
                .hierarchies.at(0)
                .folder,
            "/cg/memory/vedette-supervisor");
}

TEST(CgroupBounds, AreTheProfilesFiguresAndWhatTheWorkerIsMadeOf) {
  Profile profile = built_in_profile("strict").value();
  profile.limits.memory_bytes = std::uint64_t{100} << 20U;
  profile.limits.threads = 3;
  profile.limits.processes = 2;
  const auto bounds = cgroup_bounds(profile, std::uint64_t{5} << 20U);
  EXPECT_EQ(bounds.memory_bytes, std::uint64_t{169} << 20U);
  EXPECT_EQ(bounds.tasks, 6U);
}

// In a container the mount shows only a part of the hierarchy.
TEST(CgroupPlan, TakesTheMountsRootOff) {
  const std::string mount = "41 1 0:21 /docker/1 /cg rw - cgroup2 cgroup2 rw\n";
  EXPECT_EQ(plan_cgroups("0::/docker/1/agent\n", mount).hierarchies,
            (Hierarchies{{"/cg/agent", {}, true}}));
  EXPECT_TRUE(plan_cgroups("0::/elsewhere\n", mount).hierarchies.empty());
}

}  // namespace
}  // namespace vedette::inference
