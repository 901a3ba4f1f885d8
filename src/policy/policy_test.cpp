#include "policy/policy.h"

#include <gtest/gtest.h>

#include "policy/policy_samples.h"

namespace vedette::policy {
namespace {

// `text` as the only condition, of a device that asks for a blob.
Truth truth_of(const std::string& text, const Facts& facts) {
  const Policy policy = policy_of(rule("permit device to read_blob when " + text));
  return truth(*policy.rules().front().condition, facts);
}

bool allows(const std::string& rules, const Facts& facts, Principal principal = Principal::device,
            Action action = Action::read_blob) {
  return policy_of(rules).decide({principal, action, facts}).allowed;
}

TEST(PolicyDecision, IsDenialWhereNothingIsSaid) {
  const Policy policy = policy_of(rule("permit operator to publish_blob"));
  const Decision decision = policy.decide({Principal::device, Action::publish_blob, {}});
  EXPECT_FALSE(decision.allowed);
  EXPECT_EQ(decision.rule, "default-deny");
  EXPECT_TRUE(decision.rules.none());
  EXPECT_EQ(policy.ids_of(decision.rules), "default-deny");
}

TEST(PolicyDecision, ForbidWinsWhereverItStands) {
  const std::string permit = rule("permit device to read_blob", "p");
  const std::string forbid = rule("forbid device to read_blob", "f");
  EXPECT_FALSE(allows(permit + forbid, {}));
  EXPECT_FALSE(allows(forbid + permit, {}));
  EXPECT_TRUE(allows(permit, {}));
}

// What is not known helps nobody.
TEST(PolicyDecision, WhatIsNotKnownFulfilsNoPermitAndEveryForbid) {
  const std::string permit = rule("permit device to read_blob", "p");
  for (const char* condition :
       {"resource.tier == \"low\"", "resource.tier != \"high\"", "resource.tier in [\"low\"]",
        "not resource.tier == \"high\"", "context.attestation_age < 5m",
        "context.attestation_age >= 5m", "not context.attested", "context.attested"}) {
    EXPECT_FALSE(allows(rule("permit device to read_blob when " + std::string(condition)), {}))
        << condition;
    EXPECT_FALSE(
        allows(permit + rule("forbid device to read_blob when " + std::string(condition)), {}))
        << condition;
    EXPECT_FALSE(
        allows(permit + rule("forbid device to read_blob unless " + std::string(condition)), {}))
        << condition;
  }
}

TEST(PolicyDecision, NamesEveryRuleThatDecided) {
  const Policy policy = policy_of(rule("permit device to read_blob", "a") +
                                  rule("forbid device to read_blob when context.attested", "b") +
                                  rule("permit device to read_blob, read_release", "c") +
                                  rule("forbid anyone to read_blob", "d"));
  Facts facts;
  facts.set_flag(Attribute::context_attested, false);
  const Decision blob = policy.decide({Principal::device, Action::read_blob, facts});
  EXPECT_EQ(policy.ids_of(blob.rules), "d");
  const Decision unknown = policy.decide({Principal::device, Action::read_blob, {}});
  EXPECT_EQ(policy.ids_of(unknown.rules), "b, d");
  EXPECT_EQ(unknown.rule, "b");
  const Decision release = policy.decide({Principal::device, Action::read_release, facts});
  EXPECT_TRUE(release.allowed);
  EXPECT_EQ(policy.ids_of(release.rules), "c");
}

TEST(PolicyDecision, GivesRolesByTheNameInTheCertificate) {
  const Policy policy = policy_of(kStrict);
  EXPECT_EQ(policy.roles_of("alice"), 0b11U);
  EXPECT_EQ(policy.roles_of("carol"), 0b10U);
  const auto may_publish = [&](std::string_view name) {
    Facts facts;
    facts.set_roles(policy.roles_of(name));
    return policy.decide({Principal::operator_, Action::publish_release, facts}).allowed;
  };
  EXPECT_TRUE(may_publish("alice"));
  EXPECT_FALSE(may_publish("carol"));
  EXPECT_FALSE(may_publish("alic"));
}

TEST(PolicyDecision, KnowsWhatItAsksAbout) {
  EXPECT_TRUE(policy_of(kStrict).asks_about(Attribute::resource_tier));
  EXPECT_FALSE(policy_of(kStrict).asks_about(Attribute::resource_group));
  EXPECT_FALSE(default_policy().asks_about(Attribute::resource_tier));
}

TEST(PolicyCondition, ComparesNumbersAtTheirVeryEdges) {
  Facts facts;
  facts.set_number(Attribute::context_attestation_age, 300);
  EXPECT_EQ(truth_of("context.attestation_age < 5m", facts), Truth::no);
  EXPECT_EQ(truth_of("context.attestation_age <= 5m", facts), Truth::yes);
  EXPECT_EQ(truth_of("context.attestation_age == 5m", facts), Truth::yes);
  EXPECT_EQ(truth_of("context.attestation_age != 5m", facts), Truth::no);
  EXPECT_EQ(truth_of("context.attestation_age > 299s", facts), Truth::yes);
  EXPECT_EQ(truth_of("context.attestation_age >= 301s", facts), Truth::no);
}

TEST(PolicyCondition, ComparesNamesAndChoices) {
  Facts facts;
  facts.set_name(Attribute::principal_group, "line-a");
  facts.set_choice(Attribute::resource_tier, "high");
  EXPECT_EQ(truth_of("principal.group == \"line-a\"", facts), Truth::yes);
  EXPECT_EQ(truth_of("principal.group == \"line\"", facts), Truth::no);
  EXPECT_EQ(truth_of("principal.group != \"line\"", facts), Truth::yes);
  EXPECT_EQ(truth_of("principal.group in [\"x\", \"line-a\"]", facts), Truth::yes);
  EXPECT_EQ(truth_of("principal.group in [\"x\"]", facts), Truth::no);
  EXPECT_EQ(truth_of("resource.tier in [\"low\", \"high\"]", facts), Truth::yes);
  EXPECT_EQ(truth_of("resource.tier == \"low\"", facts), Truth::no);
  facts.set_choice(Attribute::principal_status, "gone");
  EXPECT_EQ(truth_of("principal.status == \"active\"", facts), Truth::unknown);
}

TEST(PolicyCondition, JoinsWhatIsTrueFalseAndUnknownAsKleeneDoes) {
  // yes: group is a; no: group is b; unknown: the sku.
  Facts facts;
  facts.set_name(Attribute::principal_group, "a");
  const std::string yes = "principal.group == \"a\"";
  const std::string no = "principal.group == \"b\"";
  const std::string unknown = "principal.sku == \"s\"";
  const std::pair<std::string, Truth> all[] = {
      {yes, Truth::yes}, {no, Truth::no}, {unknown, Truth::unknown}};
  for (const auto& [left, l] : all) {
    Truth opposite = l;
    if (l == Truth::yes) opposite = Truth::no;
    if (l == Truth::no) opposite = Truth::yes;
    EXPECT_EQ(truth_of("not " + left, facts), opposite);
    for (const auto& [right, r] : all) {
      EXPECT_EQ(truth_of(left + " and " + right, facts), std::min(l, r)) << left << right;
      EXPECT_EQ(truth_of(left + " or " + right, facts), std::max(l, r)) << left << right;
    }
  }
}

TEST(PolicySchema, DescribesEachAttributeOnceAndInOrder) {
  ASSERT_EQ(whole_schema().size(), kAttributes);
  for (std::size_t i = 0; i < kAttributes; ++i) {
    const AttributeSchema& one = whole_schema()[i];
    EXPECT_EQ(static_cast<std::size_t>(one.attribute), i);
    EXPECT_EQ(attribute_named(one.path), one.attribute);
    EXPECT_FALSE(one.meaning.empty());
  }
  EXPECT_EQ(attribute_named("context"), std::nullopt);
}

TEST(PolicySchema, KnowsNothingOfTheAnonymousButWhatTheyAskFor) {
  for (const AttributeSchema& one : whole_schema())
    if (one.path.starts_with("principal.") || one.path.starts_with("context.attest")) {
      EXPECT_EQ(presence(one.attribute, Principal::anonymous, Action::read_blob), Presence::never)
          << one.path;
    }
}

}  // namespace
}  // namespace vedette::policy
