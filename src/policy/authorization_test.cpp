#include "policy/authorization.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace vedette::policy {
namespace {

using ::testing::HasSubstr;

constexpr Context kUnknown{};
constexpr Context kActive{.device_active = true};
constexpr Context kAttested{.device_active = true, .attested = true};
constexpr Context kAttestedButWithdrawn{.device_active = false, .attested = true};
constexpr Context kContexts[] = {kUnknown, kActive, kAttested, kAttestedButWithdrawn};

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
    {Action::submit_results, false, false, true, false},
    {Action::submit_violations, false, false, true, false},
    {Action::read_everything, false, false, false, true},
    {Action::manage_devices, false, false, false, true},
    {Action::manage_references, false, false, false, true},
    {Action::publish_blob, false, false, false, true},
    {Action::publish_release, false, false, false, true},
    {Action::block_release, false, false, false, true},
};

bool expected(const Row& row, Principal principal, const Context& context) {
  if (principal == Principal::anonymous) return row.anonymous;
  if (principal == Principal::operator_) return row.operator_;
  if (!context.device_active) return false;
  return context.attested ? row.attested_device : row.unproven_device;
}

TEST(Authorization, decides_the_whole_cross_product_as_written) {
  std::size_t decided = 0;
  for (const Row& row : kExpected)
    for (const auto principal : {Principal::anonymous, Principal::device, Principal::operator_})
      for (const Context& context : kContexts) {
        const Decision decision = decide({principal, row.action, context});
        EXPECT_EQ(decision.allowed, expected(row, principal, context))
            << to_string(principal) << " " << to_string(row.action) << " active "
            << context.device_active << " attested " << context.attested << " by " << decision.rule;
        EXPECT_FALSE(decision.rule.empty());
        EXPECT_FALSE(decision.reason.empty());
        ++decided;
      }
  EXPECT_EQ(decided, all_actions().size() * 3 * std::size(kContexts));
}

TEST(Authorization, forbid_wins_over_permit_for_a_withdrawn_device_with_a_good_token) {
  for (const Action action : all_actions()) {
    const Decision decision = decide({Principal::device, action, kAttestedButWithdrawn});
    EXPECT_FALSE(decision.allowed) << to_string(action);
    EXPECT_EQ(decision.rule, "forbid-withdrawn-device");
  }
}

TEST(Authorization, a_device_that_did_not_attest_gets_no_release_and_is_told_why) {
  const Decision decision = decide({Principal::device, Action::read_release, kActive});
  EXPECT_FALSE(decision.allowed);
  EXPECT_EQ(decision.rule, "forbid-unattested-device");

  const auto refused = authorize({Principal::device, Action::submit_results, kActive});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, "AUTH-FORBIDDEN");
  EXPECT_EQ(refused.error().cause, "rule forbid-unattested-device");
  EXPECT_THAT(refused.error().message, HasSubstr("device may not submit_results"));
  EXPECT_THAT(refused.error().hint, HasSubstr("attest first"));
}

TEST(Authorization, denies_by_default_where_no_rule_speaks) {
  EXPECT_EQ(decide({Principal::anonymous, Action::manage_devices, kUnknown}).rule, "default-deny");
  EXPECT_EQ(decide({Principal::device, Action::publish_release, kAttested}).rule, "default-deny");
  EXPECT_EQ(decide({Principal::operator_, Action::submit_results, kAttested}).rule, "default-deny");
}

TEST(Authorization, denies_an_action_from_outside_of_the_enumeration) {
  const auto beyond = static_cast<Action>(31);
  for (const auto principal : {Principal::anonymous, Principal::operator_})
    EXPECT_FALSE(decide({principal, beyond, kAttested}).allowed);
}

TEST(Authorization, claims_of_attestation_mean_nothing_for_the_anonymous) {
  for (const Action action : all_actions())
    EXPECT_EQ(decide({Principal::anonymous, action, kAttested}).allowed,
              decide({Principal::anonymous, action, kUnknown}).allowed);
}

TEST(Authorization, allows_what_the_table_allows) {
  EXPECT_TRUE(authorize({Principal::anonymous, Action::enroll, kUnknown}).has_value());
  EXPECT_TRUE(authorize({Principal::device, Action::read_release, kAttested}).has_value());
  EXPECT_TRUE(authorize({Principal::operator_, Action::manage_devices, kUnknown}).has_value());
}

TEST(Authorization, every_action_has_its_own_name) {
  std::set<std::string_view> names;
  for (const Action action : all_actions())
    names.insert(to_string(action));
  EXPECT_EQ(names.size(), all_actions().size());
  EXPECT_EQ(to_string(Action::block_release), "block_release");
}

}  // namespace
}  // namespace vedette::policy
