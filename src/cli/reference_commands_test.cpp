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
        R"({"registers":{"0":[")" + std::string(64, 'A') + R"("]}})"}) {
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

TEST(ReferenceLearn, NamesTheDevice) {
  Desk desk;
  desk.server.answer("POST /v1/groups/gates/reference/learn", R"({"registers":{"4":["ab"]}})");
  const Outcome outcome = desk.run({"reference", "learn", "gates", "--from", "gate-1"});
  EXPECT_EQ(outcome.code, 0);
  EXPECT_NE(outcome.out.find("4         ab"), std::string::npos) << outcome.out;
  EXPECT_EQ(desk.server.requests().back(),
            R"(POST /v1/groups/gates/reference/learn {"device":"gate-1"})");
}

}  // namespace
}  // namespace vedette::cli
