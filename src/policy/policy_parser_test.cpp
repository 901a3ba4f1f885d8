#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/visible_text.h"
#include "policy/policy_samples.h"

namespace vedette::policy {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Wrong {
  std::string text;
  std::string code;
  std::string cause;  // its beginning
};

void expect_refusals(const std::vector<Wrong>& wrong) {
  for (const Wrong& one : wrong) {
    const auto parsed = parse_policy(one.text);
    ASSERT_FALSE(parsed.has_value()) << one.text;
    EXPECT_EQ(parsed.error().code, one.code) << one.text << describe(parsed.error());
    EXPECT_THAT(parsed.error().cause, StartsWith(one.cause)) << one.text;
    EXPECT_FALSE(parsed.error().message.empty());
  }
}

TEST(PolicyText, RefusesWhatIsNoPolicyWithLineAndColumn) {
  expect_refusals({
      {"", "POLICY-SYNTAX", "line 1, column 1"},
      {"# nothing\n", "POLICY-SYNTAX", "line 1, column 1"},
      {"permit device to enroll;", "POLICY-SYNTAX", "line 1, column 1: expected 'rule' or 'role'"},
      {"rule", "POLICY-SYNTAX", "line 1, column 5: expected a name, found the end"},
      {"rule r allow", "POLICY-SYNTAX", "line 1, column 8: expected 'permit' or 'forbid'"},
      {"rule r\n permit device enroll", "POLICY-SYNTAX", "line 2, column 16: expected 'to'"},
      {"rule r permit device to enroll;", "POLICY-SYNTAX", "line 1, column 31: expected 'because'"},
      {"rule r permit device to enroll because \"\";", "POLICY-SYNTAX", "line 1, column 40"},
      {"rule r permit device to enroll because \"so\"", "POLICY-SYNTAX",
       "line 1, column 44: expected ';', found the end"},
      {rule("permit device to enroll") + "x", "POLICY-SYNTAX", "line 2, column 1"},
      {rule("permit device, to enroll"), "POLICY-NAME", "line 1, column 23: 'to'"},
      {rule("permit device to enroll when"), "POLICY-NAME", "line 1, column 37: 'because'"},
      {"rule r permit device to enroll when;", "POLICY-SYNTAX",
       "line 1, column 36: expected a condition"},
      {rule("permit device to reenroll when (context.attested"), "POLICY-SYNTAX",
       "line 1, column 57: expected ')', found 'because'"},
      {rule("permit device to reenroll when not"), "POLICY-NAME", "line 1, column 43: 'because'"},
  });
}

TEST(PolicyText, RefusesCharactersThatMayHideSomething) {
  expect_refusals({
      {"rule r\tpermit", "POLICY-SYNTAX", "line 1, column 7: octet 0x09"},
      {"rule r\r\n", "POLICY-SYNTAX", "line 1, column 7: octet 0x0d"},
      {std::string("rule r\0", 7), "POLICY-SYNTAX", "line 1, column 7: octet 0x00"},
      {"# a comment\x1b[2K\n", "POLICY-SYNTAX", "line 1, column 12: octet 0x1b"},
      {"rule r permit Device", "POLICY-SYNTAX", "line 1, column 15: 'D'"},
      {"rule \xc3\xa9", "POLICY-SYNTAX", "line 1, column 6: octet 0xc3"},
      {"rule r permit device to enroll because \"\xc3\xa9\";", "POLICY-SYNTAX",
       "line 1, column 40: octet 0xc3"},
      {"rule r permit device to enroll because \"a\nb\";", "POLICY-SYNTAX", "line 1, column 40"},
      {"rule r permit device to enroll because \"a", "POLICY-SYNTAX",
       "line 1, column 40: the policy ends"},
  });
}

TEST(PolicyText, RefusesMalformedNumbersAndDurations) {
  const std::string age = "permit device to read_blob when context.attestation_age < ";
  expect_refusals({
      {rule(age + "05m"), "POLICY-SYNTAX", "line 1, column 66: 05m"},
      {rule(age + "1234567890s"), "POLICY-SYNTAX", "line 1, column 66"},
      {rule(age + "5min"), "POLICY-SYNTAX", "line 1, column 66: 5min"},
      {rule(age + "5w"), "POLICY-SYNTAX", "line 1, column 66: 5w"},
      {rule(age + "-5m"), "POLICY-SYNTAX", "line 1, column 66: '-'"},
  });
}

TEST(PolicyText, RefusesNamesThatDoNotExistOrStandTwice) {
  expect_refusals({
      {rule("permit robot to enroll"), "POLICY-NAME", "line 1, column 15: 'robot'"},
      {rule("permit device to fly"), "POLICY-NAME", "line 1, column 25: 'fly'"},
      {rule("permit device to enroll, enroll"), "POLICY-NAME", "line 1, column 33: 'enroll'"},
      {rule("permit device, device to enroll"), "POLICY-NAME", "line 1, column 23: 'device'"},
      {rule("permit device to enroll when context.weather"), "POLICY-NAME", "line 1, column 37"},
      {rule("permit operator to enroll when principal has role boss"), "POLICY-NAME",
       "line 1, column 58: 'boss'"},
      {rule("permit device to enroll") + rule("permit device to enroll"), "POLICY-NAME",
       "line 2, column 6: 'r'"},
      {"role a = [];\nrole a = [];", "POLICY-NAME", "line 2, column 6: 'a'"},
      {"role a = [\"operator/x\", \"operator/x\"];", "POLICY-NAME", "line 1, column 25"},
      {rule("permit device to enroll", "default-deny"), "POLICY-NAME", "line 1, column 6"},
      {rule("permit device to enroll", "a."), "POLICY-NAME", "line 1, column 6"},
      {rule("permit device to reenroll when principal.group in [\"a\", \"a\"]"), "POLICY-NAME",
       "line 1, column 64"},
      {rule("permit device to read_blob when resource.tier in [\"low\", \"low\"]"), "POLICY-NAME",
       "line 1, column 65"},
  });
}

TEST(PolicyText, RefusesAMemberOfARoleThatIsNoOperator) {
  for (const char* member : {"alice", "device/drone", "operator/", "operator/Al", "operator/a/b"})
    expect_refusals(
        {{"role r = [\"" + std::string(member) + "\"];", "POLICY-TYPE", "line 1, column 11"}});
}

TEST(PolicyText, RefusesComparisonsOfWhatCannotBeCompared) {
  const std::string to = "permit device to read_blob when ";
  expect_refusals({
      {rule(to + "principal.status == 5"), "POLICY-TYPE",
       "line 1, column 60: principal.status is a choice, and here is '5'"},
      {rule(to + "context.attestation_age < 300"), "POLICY-TYPE",
       "line 1, column 66: context.attestation_age is a duration, and here is '300'"},
      {rule(to + "context.attestation_age < \"5m\""), "POLICY-TYPE", "line 1, column 66"},
      {rule(to + "principal.group == 5m"), "POLICY-TYPE", "line 1, column 59"},
      {rule(to + "resource.tier >= \"medium\""), "POLICY-TYPE", "line 1, column 54"},
      {rule(to + "resource.tier == \"hihg\""), "POLICY-TYPE", "line 1, column 57"},
      {rule("permit device to request_token when resource.audience == \"two words\""),
       "POLICY-TYPE", "line 1, column 65"},
      {rule("permit device to request_token when resource.audience < \"a\""), "POLICY-TYPE",
       "line 1, column 62"},
      {rule("permit device to read_blob when resource.audience == \"a\""), "POLICY-TYPE",
       "line 1, column 40"},
      {rule(to + "principal.group == \"Line A\""), "POLICY-TYPE", "line 1, column 59"},
      {rule(to + "context.attested == \"true\""), "POLICY-TYPE", "line 1, column 57"},
      {rule(to + "context.attestation_age in [5m]"), "POLICY-TYPE", "line 1, column 67"},
      {rule("permit operator to enroll when principal.roles == \"a\""), "POLICY-TYPE",
       "line 1, column 39"},
      {rule("permit operator to manage_references when context.approvals >= 3"), "POLICY-TYPE",
       "line 1, column 71: context.approvals is 1 to 2"},
      {rule("permit operator to manage_references when context.approvals >= 1m"), "POLICY-TYPE",
       "line 1, column 71"},
  });
}

// An attribute that is never known would make a permit never and a forbid always apply.
TEST(PolicyText, RefusesAnAttributeThatIsNeverKnownToOneOfTheRulesPairs) {
  expect_refusals({
      {rule("permit operator to read_everything when context.attested"), "POLICY-TYPE",
       "line 1, column 48: context.attested when a principal of kind operator asks for"},
      {rule("permit device to read_blob, reenroll when resource.tier == \"low\""), "POLICY-TYPE",
       "line 1, column 50: resource.tier when a principal of kind device asks for reenroll"},
      {rule("forbid anyone to any unless principal.status == \"active\""), "POLICY-TYPE",
       "line 1, column 36: principal.status when a principal of kind anonymous"},
      {"role a = any operator;" + rule("permit device to enroll when principal has role a"),
       "POLICY-TYPE", "line 1, column 59"},
  });
}

TEST(PolicyText, RefusesAndMixedWithOrWithoutParentheses) {
  const std::string to = "permit device to reenroll when ";
  const std::string flag = "context.attested";
  expect_refusals({{rule(to + flag + " and " + flag + " or " + flag), "POLICY-SYNTAX",
                    "line 1, column 77: 'or'"},
                   {rule(to + flag + " or " + flag + " and " + flag), "POLICY-SYNTAX",
                    "line 1, column 76: 'and'"}});
  EXPECT_TRUE(parse_policy(rule(to + '(' + flag + " and " + flag + ") or " + flag)).has_value());
}

std::string repeated(const std::string& text, std::size_t count) {
  std::string all;
  for (std::size_t i = 0; i < count; ++i)
    all += text;
  return all;
}

TEST(PolicyText, NamesEveryAudienceThatATokenMayHave) {
  const auto names = [](const std::string& audience) {
    return parse_policy(
               rule("permit device to request_token when resource.audience == \"" + audience + '"'))
        .has_value();
  };
  for (int octet = 0; octet < 256; ++octet) {
    const std::string audience = {'a', static_cast<char>(octet)};
    EXPECT_EQ(names(audience), is_visible_text(audience)) << octet;
  }
  EXPECT_TRUE(names(std::string(kMaxVisibleText, 'a')));
  EXPECT_FALSE(names(std::string(kMaxVisibleText + 1, 'a')));
}

TEST(PolicyText, RefusesWhatIsTooLongTooManyOrTooDeep) {
  const std::string to = "permit device to reenroll when ";
  std::string rules;
  std::string roles;
  std::string members;
  std::string names;
  for (std::size_t i = 0; i <= 256; ++i) {
    const std::string number = std::to_string(i);
    if (i <= kMaxRules) rules += rule("permit device to reenroll", "r" + number);
    if (i <= kMaxRoles) roles += "role r" + number + " = [];";
    members += (i == 0 ? "\"operator/a" : ", \"operator/a") + number + '"';
    if (i <= kMaxChoices) names += (i == 0 ? "\"a" : ", \"a") + number + '"';
  }
  expect_refusals({
      {std::string(kMaxPolicyBytes + 1, ' '), "POLICY-SIZE", "65537 octets"},
      {"rule r permit device to enroll because \"" + std::string(kMaxTextBytes + 1, 'a') + "\";",
       "POLICY-SIZE", "line 1, column 40"},
      {rules, "POLICY-SIZE", "line 129, column 1"},
      {roles, "POLICY-SIZE", "line 1"},
      {"role r = [" + members + "];", "POLICY-SIZE", "line 1"},
      {rule(to + "principal.group in [" + names + "]"), "POLICY-SIZE", "line 1"},
      {rule(to + repeated("not ", kMaxDepth) + "context.attested"), "POLICY-SIZE", "line 1"},
      {rule(to + repeated("(", kMaxDepth) + "context.attested" + repeated(")", kMaxDepth)),
       "POLICY-SIZE", "line 1"},
      {rule(to + repeated("context.attested and ", kMaxComparisons) + "context.attested"),
       "POLICY-SIZE", "line 1"},
  });
  EXPECT_TRUE(parse_policy(rule(to + repeated("not ", kMaxDepth - 1) + "context.attested")));
  EXPECT_TRUE(parse_policy(
      rule(to + repeated("context.attested and ", kMaxComparisons - 1) + "context.attested")));
}

TEST(PolicyText, ReadsEveryPart) {
  const Policy policy = policy_of(kStrict);
  ASSERT_EQ(policy.roles().size(), 2U);
  EXPECT_EQ(policy.roles()[0].members, (std::vector<std::string>{"alice", "bob"}));
  EXPECT_TRUE(policy.roles()[1].is_of_every_operator);
  ASSERT_EQ(policy.rules().size(), 5U);
  const Rule& first = policy.rules().front();
  EXPECT_EQ(first.id, "fresh-for-high");
  EXPECT_EQ(first.effect, Effect::forbid);
  EXPECT_EQ(first.principals, mask_of(Principal::device));
  EXPECT_EQ(first.actions, mask_of({Action::read_release, Action::read_blob}));
  EXPECT_EQ(first.hint, "attest again");
  EXPECT_EQ(first.place.line, 5U);
  EXPECT_EQ(
      write_condition(*first.condition, policy.roles()),
      "resource.tier == \"high\" and not (context.attested and context.attestation_age < 5m)");
}

TEST(PolicyText, IsWrittenInOneFormThatSaysTheSame) {
  for (const std::string_view text : {default_policy_text(), kStrict}) {
    const Policy policy = policy_of(text);
    const std::string written = write_policy(policy);
    EXPECT_EQ(write_policy(policy_of(written)), written);
    const Policy again = policy_of(written);
    ASSERT_EQ(again.rules().size(), policy.rules().size());
    for (std::size_t i = 0; i < policy.rules().size(); ++i)
      EXPECT_EQ(again.rules()[i].condition, policy.rules()[i].condition);
  }
  EXPECT_THAT(write_policy(policy_of(rule("permit anyone to any"))),
              HasSubstr("permit anyone to any\n"));
}

TEST(PolicyText, WritesDurationsInTheLargestUnitThatFits) {
  EXPECT_EQ(write_duration(0), "0s");
  EXPECT_EQ(write_duration(90), "90s");
  EXPECT_EQ(write_duration(300), "5m");
  EXPECT_EQ(write_duration(7'200), "2h");
  EXPECT_EQ(write_duration(86'400), "1d");
}

}  // namespace
}  // namespace vedette::policy
