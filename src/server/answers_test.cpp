#include "server/answers.h"

#include <set>

#include <gtest/gtest.h>

#include "platform/net/json_api.h"

namespace vedette::server {
namespace {

TEST(Answers, ARefusalReachesTheCallerWithAllItsWords) {
  const Error error{"ATT-PCR-MISMATCH", "PCR 4 is another", "aa instead of bb", "see explain"};
  const auto response = answer(error);
  EXPECT_EQ(response.status, 403);
  EXPECT_EQ(platform::read_json_answer(response).error(), error);
}

TEST(Answers, StatusFollowsTheCode) {
  const auto status = [](const char* code) { return status_of({code, "", "", ""}); };
  EXPECT_EQ(status("HTTP-NOT-FOUND"), 404);
  EXPECT_EQ(status("HTTP-METHOD"), 405);
  EXPECT_EQ(status("HTTP-RANGE"), 416);
  EXPECT_EQ(status("HTTP-QUERY"), 400);
  EXPECT_EQ(status("JSON-SYNTAX"), 400);
  EXPECT_EQ(status("AUTH-MISSING"), 401);
  EXPECT_EQ(status("AUTH-REVOKED"), 403);
  EXPECT_EQ(status("REL-EXISTS"), 409);
  EXPECT_EQ(status("STORE-BUSY"), 503);
  EXPECT_EQ(status("STORE-FAILED"), 500);
  EXPECT_EQ(status("SOMETHING-NEW"), 403);
  EXPECT_EQ(status("EST-LABEL"), 404);
  EXPECT_EQ(status("EST-SIZE"), 413);
  EXPECT_EQ(status("EST-MEDIA-TYPE"), 415);
  EXPECT_EQ(status("EST-FULL-CMC"), 501);
  EXPECT_EQ(status("EST-SERVER-KEY"), 403);
  EXPECT_EQ(status("CSR-SIGNATURE"), 400);
}

std::string header(const platform::HttpResponse& response, const std::string& wanted) {
  for (const auto& [name, value] : response.headers)
    if (name == wanted) return value;
  return {};
}

TEST(Answers, WhoeverIsTurnedAwayIsToldToComeBackAtDifferentTimes) {
  for (const char* code : {"EST-BUSY", "ENR-BUSY", "STORE-BUSY"}) {
    std::set<int> waits;
    for (int i = 0; i < 200; ++i) {
      const auto response = answer(Error{code, "", "", ""});
      ASSERT_EQ(response.status, 503);
      waits.insert(std::stoi(header(response, "retry-after")));
    }
    EXPECT_GE(*waits.begin(), 5);
    EXPECT_LE(*waits.rbegin(), 15);
    EXPECT_GT(waits.size(), 5U) << code;
  }
  EXPECT_EQ(header(answer(Error{"AUTH-REVOKED", "", "", ""}), "retry-after"), "");
}

TEST(Answers, WhoeverLacksASecretIsToldHowItIsSent) {
  EXPECT_EQ(header(answer(Error{"AUTH-MISSING", "", "", ""}), "www-authenticate"),
            "Basic realm=\"enrolment\"");
}

}  // namespace
}  // namespace vedette::server
