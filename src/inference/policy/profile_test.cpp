#include "inference/policy/profile.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "inference/policy/posture.h"

namespace vedette::inference {
namespace {

Profile strict() {
  return built_in_profile("strict").value();
}

bool allows(const Profile& profile, std::string_view call) {
  return std::ranges::find(profile.syscalls, call, &SyscallRule::name) != profile.syscalls.end();
}

TEST(BuiltInProfile, RefusesNamesThatDoNotExist) {
  for (const char* name : {"", "Strict", "none", "strict "}) {
    const auto profile = built_in_profile(name);
    ASSERT_FALSE(profile.has_value()) << name;
    EXPECT_EQ(profile.error().code, "SBX-PROFILE");
  }
}

TEST(StrictProfile, RequiresEveryLayerThatEveryMachineCanHave) {
  const Profile profile = strict();
  for (const Namespace kind : {Namespace::user, Namespace::mount, Namespace::ipc, Namespace::uts,
                               Namespace::net, Namespace::pid})
    EXPECT_EQ(profile.need_of(kind), Need::required) << name_of(kind);
  for (const Need need : {profile.core_scheduling, profile.empty_root, profile.no_capabilities,
                          profile.landlock, profile.syscall_filter})
    EXPECT_EQ(need, Need::required);
  for (const Need need : {profile.branch_separation, profile.coarse_clock})
    EXPECT_EQ(need, Need::where_present);
  EXPECT_TRUE(profile.powers.empty());
}

TEST(StrictProfile, AllowsThreeCallsAndNoneThatReachesOut) {
  const Profile profile = strict();
  EXPECT_EQ(profile.syscalls.size(), 3U);
  for (const char* name : {"open", "openat", "socket", "clone", "clone3", "fork", "execve", "brk",
                           "mmap", "ptrace", "read", "write", "mprotect", "ioctl", "close"})
    EXPECT_FALSE(allows(profile, name)) << name;
}

TEST(Grant, RefusesAPowerTwiceAndPowersThatContradict) {
  Profile profile = strict();
  ASSERT_TRUE(grant(profile, ThreadsPower{2}).has_value());
  for (const Power& power : {Power(ThreadsPower{2}), Power(ThreadsPower{3}),
                             Power(ForkPerRequestPower{}), Power(DeviceNodePower{"/etc/passwd"})}) {
    const Profile before = profile;
    const auto granted = grant(profile, power);
    ASSERT_FALSE(granted.has_value()) << text_of(power);
    EXPECT_EQ(granted.error().code, "SBX-POWER");
    EXPECT_EQ(profile, before);
  }
}

TEST(Grant, ThreadsAddNoCallToTheFilter) {
  Profile profile = strict();
  ASSERT_TRUE(grant(profile, ThreadsPower{4}).has_value());
  ASSERT_EQ(profile.syscalls.size(), strict().syscalls.size());
  for (const SyscallRule& rule : strict().syscalls)
    EXPECT_TRUE(allows(profile, rule.name)) << rule.name;
  EXPECT_EQ(profile.limits.threads, 4U);
  EXPECT_EQ(profile.limits.processes, 0U);
}

// A counting thread is one, and a driver's library may ask for one: there is no pretence then.
TEST(Grant, OnlyThreadsAndDeviceNodesGiveAFineClock) {
  const auto is_coarse = [](const Power& power) {
    Profile profile = strict();
    EXPECT_TRUE(grant(profile, power).has_value());
    const SyscallRule rule{"clock_gettime", Condition::coarse_clocks};
    const bool listed = std::ranges::find(profile.syscalls, rule) != profile.syscalls.end();
    EXPECT_EQ(listed, profile.coarse_clock != Need::off) << text_of(power);
    return listed;
  };
  EXPECT_FALSE(is_coarse(ThreadsPower{2}));
  EXPECT_FALSE(is_coarse(DeviceNodePower{"/dev/one"}));
  EXPECT_TRUE(is_coarse(ForkPerRequestPower{}));
  EXPECT_TRUE(is_coarse(OutputFilePower{1}));
}

TEST(Grant, ADeviceNodeOpensTheFilterForNoSocketAndNoProcess) {
  Profile profile = strict();
  ASSERT_TRUE(grant(profile, DeviceNodePower{"/dev/one"}).has_value());
  ASSERT_TRUE(grant(profile, DeviceNodePower{"/dev/two"}).has_value());
  EXPECT_FALSE(grant(profile, DeviceNodePower{"/dev/one"}).has_value());
  for (const char* name : {"socket", "clone", "execve", "ptrace", "mprotect"})
    EXPECT_FALSE(allows(profile, name)) << name;
  EXPECT_TRUE(allows(profile, "ioctl"));
}

TEST(Posture, TouchesOnlyTheLayerThatItNames) {
  EXPECT_EQ(at_posture(strict(), Posture::full), strict());
  Profile expected = strict();
  expected.landlock = Need::where_present;
  EXPECT_EQ(at_posture(strict(), Posture::without_landlock), expected);
  expected = strict();
  expected.core_scheduling = Need::where_present;
  EXPECT_EQ(at_posture(strict(), Posture::without_core_scheduling), expected);
  expected = strict();
  expected.namespaces.front().need = Need::off;
  EXPECT_EQ(at_posture(strict(), Posture::without_user_namespace), expected);
  for (const Posture posture : kPostures)
    EXPECT_EQ(posture_from_name(name_of(posture)), posture);
  EXPECT_EQ(posture_from_name("lenient"), std::nullopt);
}

TEST(Describe, NamesTheLayersInWords) {
  Profile profile = strict();
  ASSERT_TRUE(grant(profile, ThreadsPower{2}).has_value());
  const std::string text = describe(profile);
  EXPECT_NE(text.find("user, mount, ipc, uts, net, pid"), std::string::npos) << text;
  EXPECT_NE(text.find("of any but futex"), std::string::npos) << text;
  EXPECT_NE(text.find("512 MiB"), std::string::npos) << text;
  EXPECT_NE(text.find("Power: 2 threads compute"), std::string::npos) << text;
}

TEST(Differences, ShowWhatAPowerAdds) {
  Profile wider = strict();
  ASSERT_TRUE(grant(wider, ForkPerRequestPower{}).has_value());
  EXPECT_EQ(differences(strict(), wider),
            "- limit.processes 0\n+ syscall.clone fork-and-wait\n+ limit.processes 2\n"
            "+ power fork-per-request\n");
}

}  // namespace
}  // namespace vedette::inference
