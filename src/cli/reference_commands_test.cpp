#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/canned_server.h"

namespace vedette::cli {
namespace {

TEST(ReferenceSet, SendsNothingThatIsMalformed) {
  Desk desk;
  const std::string digest(64, 'a');
  for (const std::string& text :
       {std::string("["), std::string("{}"), std::string(R"({"registers":[]})"),
        std::string(R"({"registers":{},"more":1})"),
        R"({"registers":{"24":[")" + digest + R"("]}})",
        R"({"registers":{"01":[")" + digest + R"("]}})",
        R"({"registers":{"x":[")" + digest + R"("]}})",
        R"({"registers":{"0":")" + digest + R"("}})", std::string(R"({"registers":{"0":[]}})"),
        std::string(R"({"registers":{"0":[1]}})"), std::string(R"({"registers":{"0":["aa"]}})"),
        R"({"registers":{"0":[")" + std::string(64, 'A') + R"("]}})",
        std::string(R"({"boot":{"secure-boot":"on"}})"), std::string(R"({"ima":{"paths":{}}})"),
        std::string(R"({"ima":{"files":{"/x":["md5:00"]}}})"),
        std::string(R"({"runtime":{"power":[7]}})")}) {
    desk.write("values.json", text);
    const Outcome outcome = desk.run_json({"reference", "set", "gates", desk.path("values.json")});
    EXPECT_EQ(outcome.code, 2) << text;
    EXPECT_EQ(outcome.refusal(), "CLI-REFERENCE") << text;
  }
  EXPECT_TRUE(desk.server.requests().empty());
}

TEST(ReferenceSet, TakesWhatShowPrints) {
  Desk desk;
  const std::string values = R"({"registers":{"0":[")" + std::string(64, 'a') + R"("],"23":[")" +
                             std::string(64, 'b') + R"("]}})";
  desk.server.answer("GET /v1/groups/gates/reference", values);
  desk.server.answer("PUT /v1/groups/gates/reference", "{}");
  desk.write("values.json", desk.run_json({"reference", "show", "gates"}).out);
  EXPECT_EQ(desk.run({"reference", "set", "gates", desk.path("values.json")}).code, 0);
  EXPECT_EQ(desk.server.requests().back(), "PUT /v1/groups/gates/reference " + values);
}

TEST(ReferenceSet, TakesWhatLogsAreJudgedBy) {
  Desk desk;
  const std::string values =
      R"({"boot":{"secure-boot":["on"]},"ima":{"files":{"/usr/bin/x":["sha256:)" +
      std::string(64, 'a') + R"("]}},"runtime":{"model-release":["published"]}})";
  desk.server.answer("PUT /v1/groups/gates/reference", "{}");
  desk.write("values.json", values);
  const Outcome outcome = desk.run({"reference", "set", "gates", desk.path("values.json")});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(desk.server.requests().back(), "PUT /v1/groups/gates/reference " + values);
  EXPECT_NE(outcome.out.find("1 file"), std::string::npos) << outcome.out;
}

TEST(ReferenceAccept, SaysThatAProposalIsNotInForceAndHowItIsApproved) {
  Desk desk;
  desk.server.answer("POST /v1/groups/gates/reference/accept",
                     R"({"proposal":"ab12","references":{"boot":{"secure-boot":["on"]}}})");
  const Outcome outcome = desk.run({"reference", "accept", "gates", "--from", "gate-1"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.out.find("not in force yet"), std::string::npos);
  EXPECT_NE(outcome.out.find("vedette reference approve gates ab12"), std::string::npos);
}

TEST(ReferenceApprove, NamesTheProposal) {
  Desk desk;
  desk.server.answer("POST /v1/groups/gates/reference/approve",
                     R"({"boot":{"secure-boot":["on"]}})");
  EXPECT_EQ(desk.run({"reference", "approve", "gates", "ab12"}).code, 0);
  EXPECT_EQ(desk.server.requests().back(),
            R"(POST /v1/groups/gates/reference/approve {"proposal":"ab12"})");
}

TEST(ReferenceAccept, NamesTheDevice) {
  Desk desk;
  desk.server.answer("POST /v1/groups/gates/reference/accept",
                     R"({"boot":{"secure-boot":["on"]}})");
  const Outcome outcome = desk.run({"reference", "accept", "gates", "--from", "gate-1"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.out.find("may now also be what gate-1 measured"), std::string::npos);
  EXPECT_EQ(desk.server.requests().back(),
            R"(POST /v1/groups/gates/reference/accept {"device":"gate-1"})");
}

TEST(ReferenceCommands, ValuesMayBeWrittenAsToml) {
  Desk desk;
  desk.server.answer("PUT /v1/groups/gates/reference", "{}");
  desk.write("values.toml", "[boot]\nsecure-boot = [\"on\"]\n[ima]\nexcludes = [\"/var/log/*\"]\n");
  const Outcome outcome = desk.run({"reference", "set", "gates", desk.path("values.toml")});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_THAT(outcome.out, ::testing::HasSubstr("secure-boot"));
  desk.write("wrong.toml", "[boots]\nsecure-boot = [\"on\"]\n");
  EXPECT_NE(desk.run({"reference", "set", "gates", desk.path("wrong.toml")}).code, 0);
  desk.write("broken.toml", "[boot\n");
  EXPECT_NE(desk.run({"reference", "set", "gates", desk.path("broken.toml")}).code, 0);
}

TEST(ReferenceCommands, OfASkuGoToThatSkusValues) {
  Desk desk;
  const std::string whose = "/v1/groups/gates/skus/mk1/reference";
  const std::string set = R"({"boot":{"secure-boot":["on"]}})";
  desk.write("values.json", set);
  desk.server.answer("GET " + whose, set);
  desk.server.answer("PUT " + whose, "{}");
  desk.server.answer("POST " + whose + "/learn", set);
  desk.server.answer("POST " + whose + "/accept", set);
  desk.server.answer("GET " + whose + "/proposal",
                     R"({"proposal":"ab","proposer":"operator/ada","references":)" + set + "}");
  desk.server.answer("POST " + whose + "/approve", set);
  for (std::vector<std::string> line : {std::vector<std::string>{"show", "gates"},
                                        {"set", "gates", desk.path("values.json")},
                                        {"learn", "gates", "--from", "gate-1"},
                                        {"accept", "gates", "--from", "gate-1"},
                                        {"proposal", "gates"},
                                        {"approve", "gates", "ab"}}) {
    line.insert(line.begin(), "reference");
    line.insert(line.end(), {"--sku", "mk1"});
    const Outcome outcome = desk.run(line);
    EXPECT_EQ(outcome.code, 0) << line[1] << outcome.err;
    if (line[1] == "proposal") {
      EXPECT_NE(outcome.out.find("reference approve gates --sku mk1 ab"), std::string::npos);
    }
  }
  const auto sent = desk.server.requests().size();
  EXPECT_EQ(desk.run_json({"reference", "show", "gates", "--sku", "Mk1"}).refusal(), "NAME-FORMAT");
  EXPECT_EQ(desk.server.requests().size(), sent);
}

TEST(ReferenceSet, SaysThatAProposalIsNotInForce) {
  Desk desk;
  desk.server.answer("PUT /v1/groups/gates/reference", R"({"proposal":"ab12","references":{}})");
  desk.write("values.json", R"({"boot":{"secure-boot":["on"]}})");
  const Outcome outcome = desk.run({"reference", "set", "gates", desk.path("values.json")});
  EXPECT_NE(outcome.out.find("not in force yet"), std::string::npos) << outcome.out;
  EXPECT_EQ(outcome.out.find("now held to"), std::string::npos);
}

TEST(ReferenceLearn, NamesTheDevice) {
  Desk desk;
  desk.server.answer("POST /v1/groups/gates/reference/learn", R"({"registers":{"4":["ab"]}})");
  const Outcome outcome = desk.run({"reference", "learn", "gates", "--from", "gate-1"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.out.find("register  4   ab"), std::string::npos) << outcome.out;
  EXPECT_EQ(desk.server.requests().back(),
            R"(POST /v1/groups/gates/reference/learn {"device":"gate-1"})");
}

}  // namespace
}  // namespace vedette::cli
