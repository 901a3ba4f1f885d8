#include "agent/api_refusal.h"

#include <gtest/gtest.h>

namespace vedette::agent {
namespace {

using std::chrono::milliseconds;

int status(std::string code) {
  return status_of({std::move(code), "message", {}, {}});
}

std::string retry_after(const std::string& code, const RetryAfter& wait) {
  const auto response = refusal_response({code, "message", {}, {}}, wait);
  for (const auto& [name, value] : response.headers)
    if (name == "Retry-After") return value;
  return "none";
}

TEST(ApiRefusal, HasTheStatusThatDocumentsSay) {
  EXPECT_EQ(status("AGT-CALLER-DENIED"), 403);
  EXPECT_EQ(status("AGT-NO-MODEL"), 404);
  EXPECT_EQ(status("AGT-NO-VERSION"), 404);
  EXPECT_EQ(status("AGT-NO-MODEL-YET"), 503);
  EXPECT_EQ(status("AGT-NOT-ATTESTED"), 503);
  EXPECT_EQ(status("OIP-PATH"), 404);
  EXPECT_EQ(status("OIP-VERSION"), 404);
  EXPECT_EQ(status("OIP-METHOD"), 405);
  EXPECT_EQ(status("OIP-ENCODING"), 415);
  EXPECT_EQ(status("OIP-BINARY"), 400);
  EXPECT_EQ(status("JSON-SYNTAX"), 400);
  EXPECT_EQ(status("INF-SHAPE"), 400);
  EXPECT_EQ(status("IO-RANGE"), 400);
  EXPECT_EQ(status("IO-OUTPUT"), 500);
  EXPECT_EQ(status("SRV-QUEUE-FULL"), 429);
  EXPECT_EQ(status("SRV-RATE"), 429);
  EXPECT_EQ(status("SRV-DEADLINE"), 504);
  EXPECT_EQ(status("SRV-QUARANTINED"), 503);
  EXPECT_EQ(status("SBX-REQUEST-SIZE"), 413);
  EXPECT_EQ(status("SBX-DEADLINE"), 504);
  EXPECT_EQ(status("SBX-WORKER-DIED"), 503);
  EXPECT_EQ(status("SOMETHING-ELSE"), 500);
}

TEST(ApiRefusal, SaysWhenToComeAgainInWholeSeconds) {
  EXPECT_EQ(retry_after("SRV-QUEUE-FULL", {}), "1");
  EXPECT_EQ(retry_after("SRV-RATE", [](const Error&) { return milliseconds(2001); }), "3");
  EXPECT_EQ(retry_after("SRV-RATE", [](const Error&) { return milliseconds(0); }), "1");
  EXPECT_EQ(retry_after("SRV-RATE", [](const Error&) { return std::nullopt; }), "1");
  EXPECT_EQ(retry_after("SRV-DEADLINE", {}), "none");
}

TEST(ApiRefusal, CarriesCodeSentenceCauseAndHint) {
  const auto response = refusal_response({"AGT-NO-MODEL", "no such model", "a \"b\"", "see"}, {});
  EXPECT_EQ(as_text(response.body), R"({"error":"AGT-NO-MODEL: no such model (a \"b\"); see"})");
}

}  // namespace
}  // namespace vedette::agent
