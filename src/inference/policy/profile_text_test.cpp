#include "inference/policy/profile_text.h"

#include <functional>

#include <gtest/gtest.h>

namespace vedette::inference {
namespace {

Profile strict() {
  return built_in_profile("strict").value();
}

Profile with_every_power() {
  Profile profile = strict();
  EXPECT_TRUE(grant(profile, ThreadsPower{3}).has_value());
  EXPECT_TRUE(grant(profile, DeviceNodePower{"/dev/one"}).has_value());
  EXPECT_TRUE(grant(profile, DeviceNodePower{"/dev/two"}).has_value());
  return profile;
}

TEST(ParseProfile, RefusesWhatIsNotExactlyACanonicalText) {
  const std::string text = canonical_text(strict());
  const auto refuses = [](const std::string& spoilt) {
    const auto profile = parse_profile(spoilt);
    return !profile && profile.error().code == "SBX-PROFILE";
  };
  const auto with = [&text](const std::string& from, const std::string& to) {
    std::string changed = text;
    changed.replace(changed.find(from), from.size(), to);
    return changed;
  };
  EXPECT_TRUE(refuses(""));
  EXPECT_TRUE(refuses(text.substr(0, text.size() - 1)));
  EXPECT_TRUE(refuses(text + "\n"));
  EXPECT_TRUE(refuses(text + "surprise yes\n"));
  EXPECT_TRUE(refuses(text + "landlock off\n"));
  EXPECT_TRUE(refuses(with("vedette-profile 3", "vedette-profile 2")));
  EXPECT_TRUE(refuses(with("landlock required", "landlock maybe")));
  EXPECT_TRUE(refuses(with("landlock required\n", "")));
  EXPECT_TRUE(refuses(with("core-scheduling required\n", "")));
  EXPECT_TRUE(refuses(with("limit.processes 0", "limit.processes 00")));
  EXPECT_TRUE(refuses(with("limit.processes 0", "limit.processes -1")));
  EXPECT_TRUE(refuses(with("syscall.futex wait-or-wake", "syscall.futex everything")));
  EXPECT_TRUE(refuses(with("namespace.user", "namespace.moon")));
  EXPECT_TRUE(refuses(text + std::string(kMaxProfileText, 'x')));
}

// Every prefix of a text is another text, and must not pass for a weaker profile.
TEST(ParseProfile, RefusesEveryTruncation) {
  const std::string text = canonical_text(with_every_power());
  const std::string strictest = canonical_text(strict());
  for (std::size_t size = 0; size < strictest.size(); ++size)
    EXPECT_FALSE(parse_profile(text.substr(0, size)).has_value()) << size;
}

TEST(ParseProfile, ReadsBackWhatWasWritten) {
  for (const Profile& profile : {strict(), with_every_power()})
    EXPECT_EQ(parse_profile(canonical_text(profile)).value(), profile);
}

TEST(CanonicalText, ChangesWithEveryFact) {
  const std::string text = canonical_text(strict());
  const std::vector<std::function<void(Profile&)>> changes = {
      [](Profile& p) { p.name = "other"; },
      [](Profile& p) { p.namespaces[0].need = Need::off; },
      [](Profile& p) { p.namespaces.pop_back(); },
      [](Profile& p) { p.core_scheduling = Need::where_present; },
      [](Profile& p) { p.branch_separation = Need::off; },
      [](Profile& p) { p.coarse_clock = Need::off; },
      [](Profile& p) { p.empty_root = Need::off; },
      [](Profile& p) { p.no_capabilities = Need::off; },
      [](Profile& p) { p.landlock = Need::where_present; },
      [](Profile& p) { p.cgroup = Need::required; },
      [](Profile& p) { p.syscall_filter = Need::off; },
      [](Profile& p) { p.syscalls.push_back({"openat", Condition::none}); },
      [](Profile& p) { p.syscalls[0].condition = Condition::none; },
      [](Profile& p) { ++p.limits.memory_bytes; },
      [](Profile& p) { ++p.limits.threads; },
      [](Profile& p) { ++p.limits.open_files; },
      [](Profile& p) { ++p.limits.processes; },
      [](Profile& p) { ++p.limits.file_bytes; },
      [](Profile& p) { ++p.limits.core_bytes; },
      [](Profile& p) { static_cast<void>(grant(p, ThreadsPower{2})); },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    Profile changed = strict();
    changes[i](changed);
    EXPECT_NE(canonical_text(changed), text) << i;
    EXPECT_NE(differences(strict(), changed), "") << i;
  }
  EXPECT_EQ(differences(strict(), strict()), "");
}

}  // namespace
}  // namespace vedette::inference
