#include <gtest/gtest.h>

#include "cli/canned_server.h"
#include "cli/violation_views.h"
#include "testing/violation_scene.h"

namespace vedette::cli {
namespace {

using codec::Json;

// As the server answers.
Json reported(const ledger::Violation& event) {
  static const auto key = crypto::PrivateKey::generate_p256();
  const auto jws = ledger::sign_violation(
      {.device = *DeviceId::parse("drone-1"), .epoch = {3}, .sequence = 7, .event = event}, key);
  return Json::Object{{"id", std::string(64, 'c')},
                      {"device", "drone-1"},
                      {"sequence", 7},
                      {"model", "voice"},
                      {"release", 2},
                      {"model_root", to_hex(event.model_root)},
                      {"kind", ledger::to_string(event.kind)},
                      {"epoch", 3},
                      {"of_old", true},
                      {"received_at", "2026-11-23T12:53:09Z"},
                      {"jws", *jws}};
}

class ViolationCommands : public ::testing::Test {
 protected:
  Desk desk;
};

TEST_F(ViolationCommands, RefuseNamesAndNumbersThatCannotBe) {
  EXPECT_EQ(desk.run_json({"violation", "list", "--device", "../x"}).refusal(), "NAME-FORMAT");
  EXPECT_EQ(desk.run_json({"violation", "list", "--model", "A"}).refusal(), "NAME-FORMAT");
  EXPECT_EQ(desk.run_json({"violation", "show", "../x", "1"}).refusal(), "NAME-FORMAT");
  EXPECT_EQ(desk.run_json({"violation", "show", "drone-1", "0"}).code, 2);
  EXPECT_EQ(desk.run_json({"violation", "show", "drone-1"}).code, 2);
  EXPECT_TRUE(desk.server.requests().empty());
}

TEST_F(ViolationCommands, AnswersOfAnotherShapeAreSurvived) {
  for (const char* answer :
       {"{}", R"({"violations":3})", R"({"violations":[3,null,{},{"jws":"a.b"},{"jws":7}]})"}) {
    desk.server.answer("GET /v1/violations?limit=50", answer);
    EXPECT_EQ(desk.run({"violation", "list"}).code, 0) << answer;
  }
  desk.server.answer("GET /v1/violations/drone-1/7", R"({"jws":"e30.e30.e30","id":"x"})");
  EXPECT_EQ(desk.run({"violation", "show", "drone-1", "7"}).code, 0);
}

TEST_F(ViolationCommands, ListSaysWhatWasTriedAndPassesTheFilterOn) {
  const Json answer(
      Json::Object{{"violations", Json::Array{reported(testing::forbidden_socket()),
                                              reported(testing::missed_deadline())}}});
  desk.server.answer("GET /v1/violations?limit=9&device=drone-1&model=voice",
                     codec::to_json(answer));
  const Outcome outcome =
      desk.run({"violation", "list", "--device", "drone-1", "--model", "voice", "--limit", "9"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(outcome.out,
            "DEVICE   SEQUENCE  MODEL  RELEASE  KIND         WHAT                                  "
            " RECEIVED\n"
            "drone-1  7         voice  2        system_call  tried socket(AF_INET, SOCK_STREAM, 0) "
            " 2026-11-23T12:53:09Z\n"
            "drone-1  7         voice  2        deadline     deadline: no answer within 500 ms     "
            " 2026-11-23T12:53:09Z\n");
}

TEST_F(ViolationCommands, ShowTellsWordsAndTheKernelsNumbersBesideThem) {
  desk.server.answer("GET /v1/violations/drone-1/7",
                     codec::to_json(reported(testing::forbidden_socket())));
  const Outcome outcome = desk.run({"violation", "show", "drone-1", "7"});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  for (const char* line :
       {"what             tried socket(AF_INET, SOCK_STREAM, 0)\n",
        "when             2026-11-23T12:53:07Z, while serving\n", "system call      socket (41)\n",
        "architecture     x86_64 (0xc000003e)\n", "at instruction   0x7ffff7e5d2a7\n",
        "arguments        0x2, 0x1, 0x0, 0x0, 0x0, 0x0\n",
        "epoch            3, before trust in the device was withdrawn\n"})
    EXPECT_NE(outcome.out.find(line), std::string::npos) << line << outcome.out;
}

TEST_F(ViolationCommands, JsonHoldsTheServersWordsTheClaimsAndWhatWasTried) {
  const Json sent = reported(testing::forbidden_socket());
  desk.server.answer("GET /v1/violations/drone-1/7", codec::to_json(sent));
  const Json json = desk.run_json({"violation", "show", "drone-1", "7"}).json();
  EXPECT_EQ(json.string("jws").value_or(""), sent.string("jws").value_or("-"));
  EXPECT_EQ(json.string("tried").value_or(""), "tried socket(AF_INET, SOCK_STREAM, 0)");
  ASSERT_NE(json.find("claims"), nullptr);
  EXPECT_EQ(ledger::parse_violation_claims(*json.find("claims"))->event,
            testing::forbidden_socket());
}

}  // namespace
}  // namespace vedette::cli
