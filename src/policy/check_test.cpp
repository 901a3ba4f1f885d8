#include "policy/check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/policy_samples.h"

namespace vedette::policy {
namespace {

using ::testing::HasSubstr;

// Of the rules and roles alone: few policies in these tests permit every action.
std::vector<Finding> found_in(const std::string& text) {
  std::vector<Finding> found = findings(policy_of(text));
  std::erase_if(found, [](const Finding& one) { return one.kind == FindingKind::nobody_may; });
  return found;
}

TEST(PolicyCheck, FindsARuleWhoseConditionIsNeverTrue) {
  for (const char* condition :
       {"context.attested and not context.attested",
        "context.attestation_age < 5m and context.attestation_age > 10m",
        "context.attestation_age > 5m and context.attestation_age < 301s",
        "context.attestation_age < 0s", "not context.attested and context.attestation_age < 5m",
        "principal.group == \"a\" and principal.group == \"b\"",
        "resource.tier != \"low\" and not resource.tier in [\"medium\", \"high\"]"}) {
    const auto found = found_in(rule("permit device to read_blob when " + std::string(condition)));
    ASSERT_EQ(found.size(), 1U) << condition;
    EXPECT_EQ(found.front().kind, FindingKind::never_applies) << condition;
    EXPECT_EQ(found.front().about, "r");
    EXPECT_EQ(found.front().place.column, 6U);
  }
}

TEST(PolicyCheck, FindsAForbidThatOnlyWorksWhereSomethingIsNotKnown) {
  const auto found = found_in(rule("permit device to read_blob", "p") +
                              rule("forbid device to read_blob when resource.tier == \"low\" and "
                                   "resource.tier == \"high\""));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().kind, FindingKind::never_applies);
  EXPECT_THAT(found.front().words, HasSubstr("not known"));
}

TEST(PolicyCheck, FindsAPermitInTheShadowOfAForbidWithoutCondition) {
  const auto found = found_in(rule("permit device to read_blob when context.attested", "p") +
                              rule("forbid device to any", "f"));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().kind, FindingKind::never_grants);
  EXPECT_EQ(found.front().about, "p");
  EXPECT_THAT(found.front().words, HasSubstr("forbidden by f"));
}

TEST(PolicyCheck, FindsAPermitThatSeveralForbidsCoverTogether) {
  const std::string covered =
      rule("permit device to read_blob when context.attested", "p") +
      rule("forbid device to read_blob unless context.attestation_age > 5m", "f") +
      rule("forbid device to read_blob unless context.attestation_age < 5m", "g");
  const auto found = found_in(covered);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().kind, FindingKind::never_grants);
  EXPECT_THAT(found.front().words, HasSubstr("f, g"));
}

TEST(PolicyCheck, FindsARoleThatNoRuleAsksFor) {
  const auto found = found_in("role idle = [];\n" + rule("permit operator to publish_blob"));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().kind, FindingKind::unused_role);
  EXPECT_EQ(found.front().about, "idle");
}

TEST(PolicyCheck, FindsARoleWithoutMembersBehindAPermit) {
  const auto found = found_in(
      "role empty = [];\n" + rule("permit operator to publish_blob when principal has role empty"));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().kind, FindingKind::never_applies);
}

TEST(PolicyCheck, FindsAnActionThatNobodyMayTake) {
  const auto found = findings(policy_of(kStrict));
  std::vector<std::string> actions;
  for (const Finding& one : found)
    if (one.kind == FindingKind::nobody_may) actions.push_back(one.about);
  EXPECT_EQ(actions.size(), found.size());
  EXPECT_THAT(actions, ::testing::Contains("reenroll"));
  EXPECT_THAT(actions, ::testing::Not(::testing::Contains("read_blob")));
  EXPECT_THAT(actions, ::testing::Not(::testing::Contains("request_token")))
      << "a deployment without outside services is whole";
}

TEST(PolicyCheck, SaysWhereThereAreTooManyCasesToTell) {
  std::string condition;
  for (const char* attribute : {"name", "group", "sku"}) {
    std::string names;
    for (int i = 0; i < 64; ++i)
      names += std::string(i == 0 ? "" : ", ") + "\"n" + std::to_string(i) + "\"";
    for (const char* more : {"principal."})
      condition += (condition.empty() ? "" : " and ") + std::string(more) + attribute + " in [" +
                   names + "]";
  }
  const auto found = found_in(
      rule("permit device to read_blob when context.attestation_age < 5m and " + condition));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found.front().kind, FindingKind::not_examined);
}

TEST(PolicyCheck, FindsNothingInTheBuiltInPolicy) {
  EXPECT_TRUE(findings(default_policy()).empty());
}

}  // namespace
}  // namespace vedette::policy
