#include "policy/local_caller.h"

#include <array>

#include <gtest/gtest.h>

namespace vedette::policy {
namespace {

constexpr std::uint32_t kAgent = 900;
constexpr std::uint32_t kCamera = 1001;
constexpr std::uint32_t kOther = 1002;
constexpr std::uint32_t kVision = 44;
constexpr std::array kActs = {LocalAct::see_status, LocalAct::see_metadata, LocalAct::infer};

CallerRule rule_for(std::uint32_t uid) {
  return {.id = "camera", .uid = uid, .gid = {}, .models = {"voice"}, .outputs = {}};
}

LocalPolicy policy_of(std::vector<CallerRule> rules) {
  return {.owner = kAgent, .rules = std::move(rules)};
}

std::string_view rule_of(const LocalPolicy& policy, std::uint32_t uid, LocalAct act,
                         std::string_view model = "voice",
                         std::span<const std::uint32_t> groups = {}) {
  return decide(policy, LocalCaller{uid, groups}, act, model).rule;
}

TEST(LocalCaller, RefusesWhomTheKernelDoesNotName) {
  const LocalPolicy open =
      policy_of({{.id = "any", .uid = {}, .gid = {}, .models = {"*"}, .outputs = {}}});
  for (const LocalAct act : kActs)
    for (const LocalPolicy& policy : {open, policy_of({})}) {
      const auto decision = decide(policy, std::nullopt, act, "voice");
      EXPECT_FALSE(decision.allowed);
      EXPECT_EQ(decision.rule, "no-credentials");
    }
}

TEST(LocalCaller, RefusesEverybodyElseWithoutRules) {
  for (const LocalAct act : kActs) {
    EXPECT_EQ(rule_of(policy_of({}), kOther, act), "default-deny");
    EXPECT_EQ(rule_of(policy_of({}), kAgent, act), "owner");
    EXPECT_EQ(rule_of(policy_of({}), 0, act), "owner");
  }
}

TEST(LocalCaller, RefusesTheOwnerTooOnceThereAreRules) {
  const LocalPolicy policy = policy_of({rule_for(kCamera)});
  EXPECT_EQ(rule_of(policy, kAgent, LocalAct::infer), "default-deny");
  EXPECT_EQ(rule_of(policy, 0, LocalAct::see_metadata), "default-deny");
  EXPECT_EQ(rule_of(policy, 0, LocalAct::see_status), "owner");  // who could read it anyway
}

TEST(LocalCaller, RefusesOtherCallersModelsAndActs) {
  CallerRule rule = rule_for(kCamera);
  EXPECT_EQ(rule_of(policy_of({rule}), kCamera, LocalAct::infer), "camera");
  EXPECT_EQ(rule_of(policy_of({rule}), kOther, LocalAct::infer), "default-deny");
  EXPECT_EQ(rule_of(policy_of({rule}), kCamera, LocalAct::infer, "faces"), "default-deny");
  EXPECT_EQ(rule_of(policy_of({rule}), kCamera, LocalAct::see_status), "default-deny");
  rule.may_infer = false;
  EXPECT_EQ(rule_of(policy_of({rule}), kCamera, LocalAct::infer), "default-deny");
  EXPECT_EQ(rule_of(policy_of({rule}), kCamera, LocalAct::see_metadata), "camera");
  rule = rule_for(kCamera);
  rule.may_see_metadata = false;
  EXPECT_EQ(rule_of(policy_of({rule}), kCamera, LocalAct::see_metadata), "default-deny");
  rule.models.clear();
  EXPECT_EQ(rule_of(policy_of({rule}), kCamera, LocalAct::infer), "default-deny");
}

// Over TCP the kernel tells no groups: a rule that needs one must not be guessed to hold.
TEST(LocalCaller, RefusesAGroupThatNobodyVouchesFor) {
  CallerRule rule = rule_for(kCamera);
  rule.gid = kVision;
  const std::array<std::uint32_t, 2> groups = {100, kVision};
  EXPECT_EQ(rule_of(policy_of({rule}), kCamera, LocalAct::infer), "default-deny");
  EXPECT_EQ(rule_of(policy_of({rule}), kOther, LocalAct::infer, "voice", groups), "default-deny");
  EXPECT_EQ(rule_of(policy_of({rule}), kCamera, LocalAct::infer, "voice", groups), "camera");
  rule.uid.reset();
  EXPECT_EQ(rule_of(policy_of({rule}), kOther, LocalAct::infer, "voice", groups), "camera");
}

TEST(LocalCaller, AnyLocalCallerIsOneWhomTheKernelNames) {
  const CallerRule rule{.id = "any", .uid = {}, .gid = {}, .models = {"*"}, .outputs = {}};
  EXPECT_EQ(rule_of(policy_of({rule}), kOther, LocalAct::infer, "whatever"), "any");
}

TEST(LocalCaller, TheFirstRuleThatNamesItDecidesWhichOutputsItSees) {
  CallerRule narrow = rule_for(kCamera);
  narrow.id = "narrow";
  narrow.outputs = {"label"};
  CallerRule nothing = rule_for(kOther);
  nothing.outputs = std::vector<std::string>{};
  const LocalPolicy policy = policy_of({narrow, rule_for(kCamera), nothing});
  const auto decision = decide(policy, LocalCaller{kCamera, {}}, LocalAct::infer, "voice");
  EXPECT_EQ(decision.rule, "narrow");
  EXPECT_TRUE(decision.shows("label"));
  EXPECT_FALSE(decision.shows("scores"));
  EXPECT_FALSE(decide(policy, LocalCaller{kOther, {}}, LocalAct::infer, "voice").shows("label"));
  const LocalPolicy open = policy_of({});
  EXPECT_TRUE(decide(open, LocalCaller{0, {}}, LocalAct::infer, "voice").shows("scores"));
  EXPECT_FALSE(decide(open, LocalCaller{kOther, {}}, LocalAct::infer, "voice").shows("scores"));
}

}  // namespace
}  // namespace vedette::policy
