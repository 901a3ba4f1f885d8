#include "inference/policy/profile.h"

#include <algorithm>
#include <functional>

#include <gtest/gtest.h>

namespace vedette::inference {
namespace {

TEST(BuiltInProfile, RefusesNamesThatDoNotExist) {
  for (const char* name : {"", "Strict", "none", "strict "}) {
    const auto profile = built_in_profile(name);
    ASSERT_FALSE(profile.has_value()) << name;
    EXPECT_EQ(profile.error().code, "SBX-PROFILE");
  }
}

TEST(StrictProfile, RequiresEveryLayer) {
  const Profile strict = built_in_profile("strict").value();
  for (const Namespace kind : {Namespace::user, Namespace::mount, Namespace::ipc, Namespace::uts,
                               Namespace::net, Namespace::pid})
    EXPECT_EQ(strict.need_of(kind), Need::required) << name_of(kind);
  EXPECT_EQ(strict.empty_root, Need::required);
  EXPECT_EQ(strict.no_capabilities, Need::required);
  EXPECT_EQ(strict.landlock, Need::required);
  EXPECT_EQ(strict.syscall_filter, Need::required);
}

TEST(StrictProfile, AllowsSixCallsAndNoneThatReachesOut) {
  const Profile strict = built_in_profile("strict").value();
  EXPECT_LE(strict.syscalls.size(), 6U);
  for (const char* name : {"open", "openat", "socket", "clone", "clone3", "fork", "execve",
                           "ptrace", "read", "write", "mprotect", "ioctl", "io_uring_setup"})
    EXPECT_EQ(std::ranges::find(strict.syscalls, name, &SyscallRule::name), strict.syscalls.end())
        << name;
}

TEST(CanonicalText, ChangesWithEveryFact) {
  const Profile strict = built_in_profile("strict").value();
  const std::string text = canonical_text(strict);
  EXPECT_EQ(text, canonical_text(strict));
  const std::vector<std::function<void(Profile&)>> changes = {
      [](Profile& p) { p.name = "other"; },
      [](Profile& p) { p.namespaces[0].need = Need::off; },
      [](Profile& p) { p.namespaces.pop_back(); },
      [](Profile& p) { p.empty_root = Need::off; },
      [](Profile& p) { p.no_capabilities = Need::off; },
      [](Profile& p) { p.landlock = Need::where_present; },
      [](Profile& p) { p.syscall_filter = Need::off; },
      [](Profile& p) { p.syscalls.push_back({"openat", Condition::none}); },
      [](Profile& p) { p.syscalls[1].condition = Condition::none; },
      [](Profile& p) { ++p.limits.memory_bytes; },
      [](Profile& p) { ++p.limits.open_files; },
      [](Profile& p) { ++p.limits.processes; },
      [](Profile& p) { ++p.limits.file_bytes; },
      [](Profile& p) { ++p.limits.core_bytes; },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    Profile changed = strict;
    changes[i](changed);
    EXPECT_NE(canonical_text(changed), text) << i;
  }
}

TEST(Describe, NamesTheLayersInWords) {
  const std::string text = describe(built_in_profile("strict").value());
  EXPECT_NE(text.find("user, mount, ipc, uts, net, pid"), std::string::npos) << text;
  EXPECT_NE(text.find("dies of any but brk"), std::string::npos) << text;
  EXPECT_NE(text.find("512 MiB"), std::string::npos) << text;
}

}  // namespace
}  // namespace vedette::inference
