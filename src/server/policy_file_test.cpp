#include "server/policy_file.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/temporary_folder.h"

namespace vedette::server {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class PolicyFile : public ::testing::Test {
 protected:
  Result<LoadedPolicy> load(const std::string& text, bool two_person_references = false) {
    ServerConfig config;
    config.policy = folder_ / "own.policy";
    config.two_person_references = two_person_references;
    std::ofstream(config.policy) << text;
    return load_policy(config);
  }
  TemporaryFolder folder_;
};

constexpr const char* kOwn =
    "rule operators-may\n  permit operator to any\n  because \"they may\";\n";

bool may_change_references(const LoadedPolicy& loaded, int operators) {
  policy::Facts facts;
  facts.set_number(policy::Attribute::context_approvals, operators);
  return loaded.policy
      .decide({policy::Principal::operator_, policy::Action::manage_references, facts})
      .allowed;
}

TEST_F(PolicyFile, IsRefusedByItsPathLineAndColumn) {
  const auto refused = load("rule operators-may\n  permit operators to any\n");
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, "POLICY-NAME");
  EXPECT_THAT(refused.error().cause, HasSubstr("/own.policy: line 2, column 10: 'operators'"));
  EXPECT_THAT(refused.error().hint, StartsWith("'vedette policy check "));
  EXPECT_EQ(load(std::string(policy::kMaxPolicyBytes + 1, ' ')).error().code, "FILE-SIZE");
  ServerConfig config;
  config.policy = folder_ / "absent.policy";
  EXPECT_EQ(load_policy(config).error().code, "FILE-OPEN");
}

TEST_F(PolicyFile, WithTheNameOfTheRuleThatTheConfigurationAddsIsRefused) {
  const std::string taken =
      "rule two-people-change-references permit operator to any because \"alone\";\n";
  EXPECT_TRUE(load(taken).has_value());
  EXPECT_EQ(load(taken, true).error().code, "POLICY-NAME");
}

TEST_F(PolicyFile, TakesTwoForReferencesWhereTheConfigurationSaysSo) {
  EXPECT_TRUE(may_change_references(*load(kOwn), 1));
  EXPECT_FALSE(may_change_references(*load(kOwn, true), 1));
  EXPECT_TRUE(may_change_references(*load(kOwn, true), 2));
}

TEST_F(PolicyFile, GrantsNoTokenButForTheAudiencesOfTheConfiguration) {
  ServerConfig config;
  const auto may = [&](const char* audience, bool attested) {
    const auto loaded = load_policy(config);
    EXPECT_TRUE(loaded.has_value()) << describe(loaded.error());
    policy::Facts facts;
    facts.set_choice(policy::Attribute::principal_status, "active");
    facts.set_flag(policy::Attribute::context_attested, attested);
    facts.set_name(policy::Attribute::resource_audience, audience);
    return loaded->policy.decide({policy::Principal::device, policy::Action::request_token, facts})
        .allowed;
  };
  EXPECT_FALSE(may("https://maps.example", true)) << "by default there are none";
  config.token_audiences = {"https://maps.example", "a'b\\c", std::string(255, 'x')};
  EXPECT_TRUE(may("https://maps.example", true));
  EXPECT_TRUE(may("a'b\\c", true));
  EXPECT_FALSE(may("https://maps.example", false));
  EXPECT_FALSE(may("https://maps.example/", true));
  config.token_audiences.clear();
  for (std::size_t i = 0; i < policy::kMaxChoices; ++i)
    config.token_audiences.push_back(std::to_string(i) + std::string(250, 'x'));
  EXPECT_TRUE(load_policy(config).has_value()) << "the most that a configuration may name";
}

TEST_F(PolicyFile, IsNamedInTheLogByItsDigest) {
  const auto loaded = load(kOwn);
  ASSERT_TRUE(loaded.has_value());
  EXPECT_EQ(loaded->sha256, crypto::sha256(as_bytes(kOwn)));
  EXPECT_NE(loaded->sha256, load(kOwn, true)->sha256) << "the rule that is added counts";
  const identity::SpiffeId server(*identity::TrustDomain::parse("t"),
                                  *identity::ServerId::parse("verifier"));
  const Matter matter = in_force(*loaded, server);
  EXPECT_EQ(matter.kind, "policy");
  EXPECT_EQ(matter.actor, "server/verifier");
  EXPECT_EQ(matter.details.string("source").value(), "file");
  EXPECT_EQ(matter.details.string("sha256").value(), to_hex(loaded->sha256));
  EXPECT_EQ(load_policy({})->source, "built-in");
}

}  // namespace
}  // namespace vedette::server
