#include <gtest/gtest.h>

#include "inference/sandbox/cgroup.h"

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

// In a container the mount shows only a part of the hierarchy.
TEST(CgroupPlan, TakesTheMountsRootOff) {
  const std::string mount = "41 1 0:21 /docker/1 /cg rw - cgroup2 cgroup2 rw\n";
  EXPECT_EQ(plan_cgroups("0::/docker/1/agent\n", mount).hierarchies,
            (Hierarchies{{"/cg/agent", {}, true}}));
  EXPECT_TRUE(plan_cgroups("0::/elsewhere\n", mount).hierarchies.empty());
}

}  // namespace
}  // namespace vedette::inference
