#include "policy/explanation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/policy_samples.h"

namespace vedette::policy {
namespace {

using ::testing::ElementsAre;

Facts of_a_device(std::int64_t age, std::string_view tier) {
  Facts facts;
  facts.set_choice(Attribute::principal_status, "active");
  facts.set_flag(Attribute::context_attested, true);
  facts.set_number(Attribute::context_attestation_age, age);
  facts.set_choice(Attribute::resource_tier, tier);
  return facts;
}

TEST(PolicyExplanation, SaysWhichComparisonAForbidHangsOn) {
  const Policy policy = policy_of(kStrict);
  const Explanation told =
      explain(policy, {Principal::device, Action::read_blob, of_a_device(420, "high")});
  EXPECT_FALSE(told.decision.allowed);
  ASSERT_EQ(told.rules.size(), 2U);
  EXPECT_EQ(told.rules[0].rule->id, "fresh-for-high");
  EXPECT_TRUE(told.rules[0].applies);
  EXPECT_TRUE(told.rules[0].decides);
  EXPECT_THAT(told.rules[0].because,
              ElementsAre("resource.tier == \"high\" is true: resource.tier is high",
                          "context.attestation_age < 5m is false: context.attestation_age is 7m"));
  EXPECT_TRUE(told.rules[1].applies);
  EXPECT_FALSE(told.rules[1].decides) << "a forbid won";
}

TEST(PolicyExplanation, SaysWhichComparisonARuleFailsOn) {
  const Policy policy = policy_of(kStrict);
  const Explanation told =
      explain(policy, {Principal::device, Action::read_blob, of_a_device(420, "low")});
  EXPECT_TRUE(told.decision.allowed);
  EXPECT_FALSE(told.rules[0].applies);
  EXPECT_THAT(told.rules[0].because,
              ElementsAre("resource.tier == \"high\" is false: resource.tier is low"));
}

TEST(PolicyExplanation, SaysWhatIsNotKnown) {
  const Policy policy = policy_of(kStrict);
  const Explanation told = explain(policy, {Principal::device, Action::read_blob, {}});
  EXPECT_THAT(told.rules[1].because,
              ElementsAre("principal.status == \"active\" cannot be told: principal.status is not "
                          "known",
                          "context.attested cannot be told: context.attested is not known"));
  EXPECT_FALSE(told.rules[1].applies);
  EXPECT_TRUE(told.rules[0].applies);
}

TEST(PolicyExplanation, NamesTheRolesOfAnOperator) {
  const Policy policy = policy_of(kStrict);
  Facts facts;
  facts.set_roles(policy.roles_of("carol"));
  const Explanation told = explain(policy, {Principal::operator_, Action::publish_release, facts});
  ASSERT_EQ(told.rules.size(), 1U);
  EXPECT_THAT(told.rules[0].because, ElementsAre("principal has role releaser is false: "
                                                 "principal.roles is auditor"));
}

TEST(PolicyExplanation, LeavesOutRulesForOthers) {
  const Explanation told = explain(policy_of(kStrict), {Principal::anonymous, Action::enroll, {}});
  EXPECT_TRUE(told.rules.empty());
  EXPECT_EQ(told.decision.rule, "default-deny");
}

}  // namespace
}  // namespace vedette::policy
