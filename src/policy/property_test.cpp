#include "policy/property.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/policy_samples.h"
#include "policy/worlds.h"

namespace vedette::policy {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kSentence = "no rule grants high without attestation younger than 5 min";

Property property_of(std::string_view text, const Policy& policy) {
  auto parsed = parse_property(text, policy);
  if (!parsed) throw std::logic_error(describe(parsed.error()));
  return *std::move(parsed);
}

Proof proof_of(std::string_view text, const Policy& policy) {
  auto proof = prove(policy, property_of(text, policy));
  if (!proof) throw std::logic_error(describe(proof.error()));
  return *std::move(proof);
}

TEST(PolicyProof, OfTheBuiltInPolicyFailsForFreshnessAndSaysInWhichCase) {
  const Proof proof = proof_of(kSentence, default_policy());
  ASSERT_FALSE(proof.holds());
  EXPECT_EQ(proof.counterexample->principal, Principal::device);
  EXPECT_EQ(proof.counterexample->action, Action::read_release);
  EXPECT_EQ(proof.counterexample->rules, "attested-device-may-work");
  EXPECT_THAT(proof.counterexample->words, HasSubstr("principal.status is active"));
  EXPECT_THAT(proof.counterexample->words, HasSubstr("context.attestation_age is 5m"));
}

TEST(PolicyProof, OfFreshnessHoldsWithOneForbidBesideTheBuiltInPolicy) {
  const Policy policy = policy_of(
      std::string(default_policy_text()) +
      rule("forbid device to read_release, read_blob when resource.tier == \"high\" and not "
           "(context.attested and context.attestation_age < 5m)",
           "fresh-for-high"));
  EXPECT_TRUE(proof_of(kSentence, policy).holds());
}

TEST(PolicyProof, TellsAudiencesApart) {
  const Policy policy = policy_of(
      rule("permit device to request_token when resource.audience in [\"https://maps.example\", "
           "\"*\"]"));
  EXPECT_TRUE(proof_of("never grant request_token unless resource.audience in "
                       "[\"https://maps.example\", \"*\"]",
                       policy)
                  .holds());
  const Proof proof = proof_of(
      "never grant request_token unless resource.audience == \"https://maps.example\"", policy);
  ASSERT_FALSE(proof.holds()) << "a text that nobody mentions is none of those that are";
  EXPECT_THAT(proof.counterexample->words, HasSubstr("resource.audience is *"));
}

TEST(PolicyProof, FailsByOneSecond) {
  const Policy policy = policy_of(kStrict);
  EXPECT_TRUE(proof_of(kSentence, policy).holds());
  EXPECT_TRUE(
      proof_of("no rule grants high without attestation younger than 301 s", policy).holds());
  const Proof proof =
      proof_of("no rule grants high without attestation younger than 299 s", policy);
  ASSERT_FALSE(proof.holds());
  EXPECT_THAT(proof.counterexample->words, HasSubstr("context.attestation_age is 299s"));
}

TEST(PolicyProof, FailsForTheTierThatIsLeftOpen) {
  const Proof proof =
      proof_of("no rule grants medium without attestation younger than 5 min", policy_of(kStrict));
  ASSERT_FALSE(proof.holds());
  EXPECT_THAT(proof.counterexample->words, HasSubstr("resource.tier is medium"));
}

// A tier that is not known may be the one.
TEST(PolicyProof, TakesWhatIsNotKnownForPossible) {
  const Policy policy =
      policy_of(rule("permit device to read_blob when not resource.tier == \"low\"", "open") +
                rule("permit device to read_release", "wide"));
  const Proof proof = proof_of("never grant read_release where resource.tier == \"high\"", policy);
  ASSERT_FALSE(proof.holds());
  const Policy careless = policy_of(
      rule("permit device to read_blob when context.attested or resource.tier == \"low\""));
  EXPECT_FALSE(proof_of("never grant read_blob where resource.tier != \"low\"", careless).holds());
}

TEST(PolicyProof, FollowsRolesFromNamesToOperators) {
  const Policy policy = policy_of(kStrict);
  EXPECT_TRUE(proof_of("no rule grants publish_release without role releaser", policy).holds());
  EXPECT_TRUE(
      proof_of("never grant publish_release unless principal.name in [\"alice\", \"bob\"]", policy)
          .holds());
  const Proof proof =
      proof_of("never grant publish_release unless principal.name == \"alice\"", policy);
  ASSERT_FALSE(proof.holds());
  EXPECT_THAT(proof.counterexample->words, HasSubstr("bob with the role releaser+auditor"));
}

TEST(PolicyProof, OfTwoPeopleHolds) {
  const Policy policy = policy_of(kStrict);
  EXPECT_TRUE(proof_of("no rule grants manage_references without two people", policy).holds());
  EXPECT_FALSE(
      proof_of("no rule grants manage_references without two people", default_policy()).holds());
}

TEST(PolicyProof, OfNothingAtAllHoldsOnlyWhereNobodyIsAllowed) {
  EXPECT_TRUE(proof_of("never grant any to anonymous", policy_of(kStrict)).holds());
  EXPECT_FALSE(proof_of("never grant any to anonymous", default_policy()).holds());
  EXPECT_TRUE(proof_of("never grant enroll to device, operator", default_policy()).holds());
}

TEST(PolicyProof, RefusesToGuessWhereThereAreTooManyCases) {
  std::string names;
  for (int i = 0; i < 64; ++i)
    names += std::string(i == 0 ? "" : ", ") + "\"n" + std::to_string(i) + "\"";
  const Policy policy = policy_of(rule(
      "permit device to read_blob when principal.name in [" + names + "] and principal.group in [" +
      names + "] and principal.sku in [" + names + "] and context.attested"));
  const auto proof = prove(
      policy, property_of("never grant read_blob unless context.attestation_age < 5m", policy));
  ASSERT_FALSE(proof.has_value());
  EXPECT_EQ(proof.error().code, "POLICY-PROOF-SIZE");
}

TEST(PolicyProperty, RefusesWhatItDoesNotUnderstandWithItsColumn) {
  const Policy policy = policy_of(kStrict);
  const std::pair<const char*, const char*> wrong[] = {
      {"", "POLICY-SYNTAX"},
      {"always grant read_blob", "POLICY-SYNTAX"},
      {"never grant", "POLICY-SYNTAX"},
      {"never grant fly", "POLICY-NAME"},
      {"never grant read_blob to robot", "POLICY-NAME"},
      {"never grant read_blob where", "POLICY-SYNTAX"},
      {"never grant read_blob unless context.weather", "POLICY-NAME"},
      {"never grant read_blob unless context.approvals >= 2", "POLICY-TYPE"},
      {"never grant read_blob; x", "POLICY-SYNTAX"},
      {"no rule grants", "POLICY-SYNTAX"},
      {"no rule grants highest", "POLICY-NAME"},
      {"no rule grants high without luck", "POLICY-SYNTAX"},
      {"no rule grants high without attestation younger than", "POLICY-SYNTAX"},
      {"no rule grants high without attestation younger than 5", "POLICY-SYNTAX"},
      {"no rule grants high without attestation younger than 5 parsecs", "POLICY-SYNTAX"},
      {"no rule grants high without role boss", "POLICY-NAME"},
      {"no rule grants high without two people", "POLICY-TYPE"},
      {"no rule grants publish_blob of tier high", "POLICY-TYPE"},
      {"no rule grants read_blob of tier top", "POLICY-SYNTAX"},
      {"no rules grants high", "POLICY-SYNTAX"}};
  for (const auto& [text, code] : wrong) {
    const auto parsed = parse_property(text, policy);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_EQ(parsed.error().code, code) << text;
    EXPECT_THAT(parsed.error().cause, StartsWith("line 1, column ")) << text;
  }
  EXPECT_EQ(parse_property(std::string(5'000, ' '), policy).error().code, "POLICY-SIZE");
}

TEST(PolicyProperty, ASentenceStandsForAPreciseOne) {
  const Policy policy = policy_of(kStrict);
  EXPECT_EQ(write_property(property_of(kSentence, policy), policy),
            "never grant read_release, read_blob to anyone where resource.tier == \"high\" unless "
            "context.attested and context.attestation_age < 5m");
  EXPECT_EQ(write_property(
                property_of("no permit grants read_blob of tier low without attestation", policy),
                policy),
            "never grant read_blob to anyone where resource.tier == \"low\" unless "
            "context.attested");
  for (const char* age : {"5 min", "5m", "300 s", "300 seconds", "5 minutes"})
    EXPECT_EQ(write_property(property_of("no rule grants high without attestation younger than " +
                                             std::string(age),
                                         policy),
                             policy),
              write_property(property_of(kSentence, policy), policy));
}

// Policies at random, each compared with what looking at very many requests one by one finds.
class Chance {
 public:
  explicit Chance(unsigned seed) : engine_(seed) {}
  std::size_t below(std::size_t n) { return engine_() % n; }
  template <std::size_t N>
  std::string one_of(const char* const (&texts)[N]) {
    return texts[below(N)];
  }
  std::string condition(std::size_t depth = 0) {
    const std::size_t kind = below(depth > 2 ? 1 : 4);
    if (kind == 1) return "not (" + condition(depth + 1) + ")";
    if (kind == 2) return "(" + condition(depth + 1) + ") and (" + condition(depth + 1) + ")";
    if (kind == 3) return "(" + condition(depth + 1) + ") or (" + condition(depth + 1) + ")";
    return one_of({"context.attested", "context.attestation_age < 3s",
                   "context.attestation_age >= 2s", "context.attestation_age == 5s",
                   "principal.group == \"a\"", "principal.group in [\"a\", \"b\"]",
                   "resource.tier == \"high\"", "resource.tier in [\"low\", \"high\"]",
                   "principal.status != \"active\""});
  }
  std::string policy() {
    std::string text;
    for (std::size_t i = 0; i <= below(4); ++i)
      text += rule(std::string(below(3) == 0 ? "forbid" : "permit") + " device to read_blob when " +
                       condition(),
                   "r" + std::to_string(i));
    return text;
  }

 private:
  std::mt19937 engine_;
};

// Every request about a blob whose facts lie on a grid that is finer than any constant above.
template <class Visit>
void each_request(const Visit& visit) {
  for (int age = -1; age <= 8; ++age)
    for (const char* group : {"a", "b", "c"})
      for (const char* tier : {"low", "medium", "high", "unknown"})
        for (const char* status : {"active", "quarantined", "revoked"}) {
          Facts facts;
          facts.set_flag(Attribute::context_attested, age >= 0);
          if (age >= 0) facts.set_number(Attribute::context_attestation_age, age);
          facts.set_name(Attribute::principal_group, group);
          facts.set_choice(Attribute::resource_tier, tier);
          facts.set_choice(Attribute::principal_status, status);
          visit(facts);
        }
}

TEST(PolicyProof, AgreesWithLookingAtEveryRequestOneByOne) {
  std::size_t held = 0;
  std::size_t failed = 0;
  for (unsigned seed = 0; seed < 400; ++seed) {
    Chance chance(seed);
    const Policy policy = policy_of(chance.policy());
    const std::string text = "never grant read_blob to device where " + chance.condition() +
                             " unless " + chance.condition();
    const Property property = property_of(text, policy);
    bool found = false;
    each_request([&](const Facts& facts) {
      found = found || (truth(*property.where, facts) != Truth::no &&
                        truth(*property.unless, facts) != Truth::yes &&
                        policy.decide({Principal::device, Action::read_blob, facts}).allowed);
    });
    EXPECT_EQ(prove(policy, property)->holds(), !found) << write_policy(policy) << text;
    ++(found ? failed : held);
  }
  EXPECT_GT(held, 50U);
  EXPECT_GT(failed, 50U);
}

}  // namespace
}  // namespace vedette::policy
