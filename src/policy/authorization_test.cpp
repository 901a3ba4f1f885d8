#include "policy/authorization.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/table_of_old.h"

namespace vedette::policy {
namespace {

using ::testing::HasSubstr;

constexpr old::Context kUnknown{};
constexpr old::Context kActive{.device_active = true};
constexpr old::Context kAttested{.device_active = true, .attested = true};
constexpr old::Context kAttestedButWithdrawn{.device_active = false, .attested = true};
constexpr old::Context kContexts[] = {kUnknown, kActive, kAttested, kAttestedButWithdrawn};

Facts facts_of(const old::Context& context) {
  Facts facts;
  facts.set_choice(Attribute::principal_status, context.device_active ? "active" : "quarantined");
  facts.set_flag(Attribute::context_attested, context.attested);
  if (context.attested) facts.set_number(Attribute::context_attestation_age, 1);
  return facts;
}

Decision decide(Principal principal, Action action, const old::Context& context) {
  return default_policy().decide({principal, action, facts_of(context)});
}

// The whole of what is allowed, written a second time: an action per line, and who may do it.
struct Row {
  Action action;
  bool anonymous, unproven_device, attested_device, operator_;
};
constexpr Row kExpected[] = {
    {Action::read_authorities, true, true, true, true},
    {Action::enroll, true, false, false, false},
    {Action::reenroll, false, true, true, false},
    {Action::challenge, false, true, true, false},
    {Action::submit_evidence, false, true, true, false},
    {Action::read_release, false, false, true, false},
    {Action::read_blob, false, false, true, false},
    {Action::read_tuf, false, true, true, false},
    {Action::submit_results, false, false, true, false},
    {Action::submit_violations, false, false, true, false},
    {Action::request_token, false, false, false, false},  // no audience is named
    {Action::read_everything, false, false, false, true},
    {Action::manage_devices, false, false, false, true},
    {Action::revoke_group, false, false, false, false},  // it takes two: see below
    {Action::manage_references, false, false, false, true},
    {Action::publish_blob, false, false, false, true},
    {Action::publish_release, false, false, false, true},
    {Action::approve_release, false, false, false, true},
    {Action::block_release, false, false, false, true},
};

bool expected(const Row& row, Principal principal, const old::Context& context) {
  if (principal == Principal::anonymous) return row.anonymous;
  if (principal == Principal::operator_) return row.operator_;
  if (!context.device_active) return false;
  return context.attested ? row.attested_device : row.unproven_device;
}

TEST(Authorization, DeniesByDefaultWhereNoRuleSpeaks) {
  EXPECT_EQ(decide(Principal::anonymous, Action::manage_devices, kUnknown).rule, "default-deny");
  EXPECT_EQ(decide(Principal::device, Action::publish_release, kAttested).rule, "default-deny");
  EXPECT_EQ(decide(Principal::operator_, Action::submit_results, kAttested).rule, "default-deny");
}

TEST(Authorization, DeniesAnActionFromOutsideOfTheEnumeration) {
  for (const unsigned beyond : {20U, 31U, 32U, 200U})
    for (const auto principal : {Principal::anonymous, Principal::operator_}) {
      const Decision decision = decide(principal, static_cast<Action>(beyond), kAttested);
      EXPECT_FALSE(decision.allowed);
      EXPECT_EQ(decision.rule, "default-deny");
    }
  EXPECT_FALSE(decide(static_cast<Principal>(7), Action::enroll, kAttested).allowed);
}

TEST(Authorization, ForbidWinsOverPermitForAWithdrawnDeviceWithAGoodToken) {
  for (const Action action : all_actions()) {
    const Decision decision = decide(Principal::device, action, kAttestedButWithdrawn);
    EXPECT_FALSE(decision.allowed) << to_string(action);
    EXPECT_EQ(decision.rule, "forbid-withdrawn-device");
  }
}

TEST(Authorization, RefusesWithEveryRuleThatDecidedAndTheHintOfTheFirst) {
  const auto refused =
      authorize(default_policy(), {Principal::device, Action::submit_results, facts_of(kActive)});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, "AUTH-FORBIDDEN");
  EXPECT_EQ(refused.error().cause, "rule forbid-unattested-device");
  EXPECT_THAT(refused.error().message, HasSubstr("device may not submit_results"));
  EXPECT_THAT(refused.error().hint, HasSubstr("attest first"));

  const auto twice =
      authorize(default_policy(), {Principal::device, Action::submit_results, facts_of(kUnknown)});
  ASSERT_FALSE(twice.has_value());
  EXPECT_EQ(twice.error().cause, "rule forbid-withdrawn-device, forbid-unattested-device");
}

TEST(Authorization, OfADeviceOfWhichNothingIsKnownRefusesEverything) {
  for (const Action action : all_actions())
    EXPECT_FALSE(default_policy().decide({Principal::device, action, {}}).allowed)
        << to_string(action);
}

TEST(Authorization, ClaimsOfAttestationMeanNothingForTheAnonymous) {
  for (const Action action : all_actions())
    EXPECT_EQ(decide(Principal::anonymous, action, kAttested).allowed,
              decide(Principal::anonymous, action, kUnknown).allowed);
}

TEST(Authorization, DecidesTheWholeCrossProductAsWritten) {
  std::size_t decided = 0;
  for (const Row& row : kExpected)
    for (const Principal principal : all_principals())
      for (const old::Context& context : kContexts) {
        const Decision decision = decide(principal, row.action, context);
        EXPECT_EQ(decision.allowed, expected(row, principal, context))
            << to_string(principal) << " " << to_string(row.action) << " active "
            << context.device_active << " attested " << context.attested << " by " << decision.rule;
        EXPECT_FALSE(decision.rule.empty());
        EXPECT_FALSE(decision.reason.empty());
        ++decided;
      }
  EXPECT_EQ(decided, all_actions().size() * 3 * std::size(kContexts));
}

TEST(Authorization, LetsTwoOperatorsRevokeAGroupAndNotOne) {
  for (const int approvals : {1, 2}) {
    Facts facts;
    facts.set_number(Attribute::context_approvals, approvals);
    const Decision decision =
        default_policy().decide({Principal::operator_, Action::revoke_group, facts});
    EXPECT_EQ(decision.allowed, approvals == 2);
  }
}

// What was compiled in before there was a language: the same decisions, by the same rules.
TEST(Authorization, TheBuiltInPolicyDecidesLikeTheTableThatItReplaced) {
  for (const Action action : all_actions())
    for (const Principal principal : all_principals())
      for (const old::Context& context : kContexts) {
        const old::Decision before = old::decide({principal, action, context});
        const Decision after = decide(principal, action, context);
        EXPECT_EQ(after.allowed, before.allowed) << to_string(principal) << to_string(action);
        EXPECT_EQ(after.rule, before.rule) << to_string(principal) << to_string(action);
        EXPECT_EQ(after.reason, before.reason);
      }
}

TEST(Authorization, AllowsWhatTheBuiltInPolicyAllowsAndSaysByWhichRule) {
  const auto allowed =
      authorize(default_policy(), {Principal::device, Action::read_release, facts_of(kAttested)});
  ASSERT_TRUE(allowed.has_value());
  EXPECT_EQ(allowed->rule, "attested-device-may-work");
  EXPECT_EQ(default_policy().ids_of(allowed->rules), "attested-device-may-work");
}

TEST(Authorization, EveryActionAndPrincipalHasItsOwnName) {
  for (const Action action : all_actions())
    EXPECT_EQ(action_named(to_string(action)), action);
  for (const Principal principal : all_principals())
    EXPECT_EQ(principal_named(to_string(principal)), principal);
  EXPECT_EQ(action_named("unknown"), std::nullopt);
  EXPECT_EQ(to_string(static_cast<Action>(99)), "unknown");
}

}  // namespace
}  // namespace vedette::policy
