#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/canned_server.h"
#include "policy/policy_samples.h"

namespace vedette::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using Line = std::vector<std::string>;

class PolicyCommands : public ::testing::Test {
 protected:
  void SetUp() override { desk.write("own.policy", std::string(policy::kStrict)); }

  Line line(const std::string& verb, const Line& more = {}) {
    Line whole{"policy", verb, desk.path("own.policy")};
    whole.insert(whole.end(), more.begin(), more.end());
    return whole;
  }
  Outcome explain(const Line& more) {
    Line whole = line("explain", {"--principal", "device/drone", "--action", "read_blob"});
    whole.insert(whole.end(), more.begin(), more.end());
    return desk.run_json(whole);
  }
  Desk desk;
};

constexpr const char* kSentence = "no rule grants high without attestation younger than 5 min";

TEST_F(PolicyCommands, CheckRefusesAPolicyWithItsFileLineAndColumn) {
  desk.write("own.policy", "rule r\n  permit device to fly\n  because \"so\";\n");
  const Outcome outcome = desk.run_json(line("check"));
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.refusal(), "POLICY-NAME");
  EXPECT_THAT(outcome.out, HasSubstr("own.policy: line 2, column 20: 'fly'"));
  EXPECT_EQ(desk.run_json({"policy", "check", desk.path("absent")}).code, 1);
  EXPECT_EQ(desk.run({"policy", "check"}).code, 2);
}

TEST_F(PolicyCommands, CheckWarnsAndIsStrictWhenAskedToBe) {
  const Outcome told = desk.run_json(line("check"));
  EXPECT_EQ(told.code, 0) << told.out;
  const codec::Json json = told.json();
  EXPECT_EQ(json.integer("rules").value_or(0), 5);
  const codec::Json& first = json.find("findings")->if_array()->front();
  EXPECT_EQ(first.string("kind").value_or(""), "nobody-may");
  const Outcome strict = desk.run_json(line("check", {"--strict"}));
  EXPECT_EQ(strict.code, 3);
  const Outcome text = desk.run(line("check", {"--strict"}));
  EXPECT_THAT(text.out, HasSubstr("own.policy:1:1: nobody-may: enroll: "));
  EXPECT_THAT(text.err, HasSubstr("POLICY-FINDINGS"));
  EXPECT_EQ(desk.run({"policy", "check", "built-in", "--strict"}).code, 0);
}

TEST_F(PolicyCommands, ExplainRefusesWhatNoRequestCanBe) {
  const Line base = {"policy", "explain", desk.path("own.policy"), "--principal"};
  const auto run = [&](Line more) {
    Line whole = base;
    whole.insert(whole.end(), more.begin(), more.end());
    const Outcome outcome = desk.run_json(whole);
    EXPECT_EQ(outcome.code, 2) << outcome.out;
    return outcome.refusal();
  };
  for (const char* principal : {"robot/x", "device", "device/", "anonymous/x", "operator/A", ""})
    EXPECT_EQ(run({principal, "--action", "read_blob"}), "CLI-PRINCIPAL") << principal;
  EXPECT_EQ(run({"device/d", "--action", "fly"}), "CLI-ACTION");
  for (const char* fact : {"weather=fine", "attested", "attested=yes", "attestation_age=5",
                           "attestation_age=-1s", "approvals=2", "attestation_age=1m 2m"})
    EXPECT_EQ(run({"device/d", "--action", "read_blob", "--context", fact}), "CLI-FACT") << fact;
  EXPECT_EQ(run({"device/d", "--action", "read_blob", "--context", "attested=true", "--context",
                 "attested=false"}),
            "CLI-FACT");
  EXPECT_EQ(run({"device/d", "--action", "read_blob", "--context", "attested=false", "--context",
                 "attestation_age=5m"}),
            "CLI-FACT");
  EXPECT_EQ(run({"operator/o", "--action", "manage_references", "--context", "approvals=3"}),
            "CLI-FACT");
  EXPECT_EQ(run({"device/d", "--action", "read_blob", "--resource", "tier=top"}), "CLI-FACT");
  EXPECT_EQ(run({"device/d", "--action", "read_blob", "--attribute", "name=x"}), "CLI-FACT");
}

TEST_F(PolicyCommands, ExplainSaysWhichComparisonARequestHangsOn) {
  const Outcome denied = explain({"--attribute", "status=active", "--resource", "tier=high",
                                  "--context", "attestation_age=7m"});
  ASSERT_EQ(denied.code, 0) << denied.out;
  EXPECT_FALSE(denied.json().boolean("allowed").value_or(true));
  EXPECT_EQ(denied.json().string("rule").value_or(""), "fresh-for-high");
  EXPECT_THAT(denied.out, HasSubstr("context.attestation_age is 7m"));
  const Outcome allowed = explain({"--attribute", "status=active", "--resource", "tier=high",
                                   "--context", "attestation_age=4m"});
  EXPECT_TRUE(allowed.json().boolean("allowed").value_or(false)) << allowed.out;
  const Outcome text =
      desk.run(line("explain", {"--principal", "operator/carol", "--action", "publish_release"}));
  EXPECT_THAT(text.out, StartsWith("denied: operator/carol may not publish_release: no rule "
                                   "allows this\n  by    default-deny\n"));
  EXPECT_THAT(text.out, HasSubstr("principal.roles is auditor"));
  EXPECT_THAT(
      desk.run(line("explain", {"--principal", "operator/alice", "--action", "publish_release"}))
          .out,
      StartsWith("allowed: operator/alice may publish_release"));
}

TEST_F(PolicyCommands, ProveShowsTheCaseAndExitsWith3) {
  const Outcome json = desk.run_json({"policy", "prove", "built-in", kSentence});
  EXPECT_EQ(json.code, 3);
  EXPECT_FALSE(json.json().boolean("holds").value_or(true));
  EXPECT_EQ(json.json().find("counterexample")->string("rules").value_or(""),
            "attested-device-may-work");
  const Outcome text = desk.run({"policy", "prove", "built-in", kSentence});
  EXPECT_EQ(text.code, 3);
  EXPECT_TRUE(text.out.empty());
  EXPECT_THAT(text.err, HasSubstr("[POLICY-COUNTEREXAMPLE]"));
  EXPECT_THAT(text.err, HasSubstr("context.attestation_age is 5m"));
  EXPECT_THAT(text.err, HasSubstr("never grant read_release, read_blob"));
  EXPECT_EQ(desk.run_json(line("prove", {"no rule grants happiness"})).refusal(), "POLICY-NAME");
}

TEST_F(PolicyCommands, ProveProves) {
  const Outcome text = desk.run(line("prove", {kSentence}));
  EXPECT_EQ(text.code, 0) << text.err;
  EXPECT_THAT(text.out, StartsWith("proven, in each of the "));
  const Outcome json = desk.run_json(line("prove", {kSentence}));
  EXPECT_TRUE(json.json().boolean("holds").value_or(false));
  EXPECT_GT(json.json().integer("cases").value_or(0), 10);
}

TEST_F(PolicyCommands, ShowPrintsAPolicyThatChecks) {
  const Outcome shown = desk.run({"policy", "show"});
  EXPECT_EQ(shown.out, policy::default_policy_text());
  desk.write("own.policy", shown.out);
  EXPECT_EQ(desk.run(line("check", {"--strict"})).code, 0);
}

TEST_F(PolicyCommands, SchemaListsEveryActionAndAttribute) {
  const std::string text = desk.run({"policy", "schema"}).out;
  for (const policy::Action action : policy::all_actions())
    EXPECT_THAT(text, HasSubstr(std::string(to_string(action))));
  for (const policy::AttributeSchema& one : policy::whole_schema())
    EXPECT_THAT(text, HasSubstr(std::string(one.path)));
  EXPECT_THAT(desk.run({"completion", "bash"}).out, HasSubstr("\"policy prove\") words=\""));
}

}  // namespace
}  // namespace vedette::cli
