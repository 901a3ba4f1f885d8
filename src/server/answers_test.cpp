#include "server/answers.h"

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
  EXPECT_EQ(status("HTTP-QUERY"), 400);
  EXPECT_EQ(status("JSON-SYNTAX"), 400);
  EXPECT_EQ(status("AUTH-MISSING"), 401);
  EXPECT_EQ(status("AUTH-REVOKED"), 403);
  EXPECT_EQ(status("REL-EXISTS"), 409);
  EXPECT_EQ(status("STORE-BUSY"), 503);
  EXPECT_EQ(status("STORE-FAILED"), 500);
  EXPECT_EQ(status("SOMETHING-NEW"), 403);
}

}  // namespace
}  // namespace vedette::server
