#include <gtest/gtest.h>

#include "codec/base64.h"
#include "testing/quote_scene.h"

namespace vedette::attestation {
namespace {

using codec::Json;
using codec::to_base64;

class EvidenceBody : public ::testing::Test {
 protected:
  static std::string code(const Json& json) { return code_of(parse_quote_evidence(json)); }

  EvidenceBody() {
    Json::Array values;
    for (const Bytes& value : evidence_.values)
      values.emplace_back(to_hex(value));
    body_.set("nonce", to_base64(evidence_.nonce));
    body_.set("attest", to_base64(evidence_.attest));
    body_.set("signature", to_base64(evidence_.signature));
    body_.set("values", std::move(values));
  }

  QuoteScene scene_;
  QuoteEvidence evidence_ = scene_.evidence(scene_.quote());
  Json body_;
};

TEST_F(EvidenceBody, a_missing_or_unknown_member_is_refused) {
  for (const char* name : {"nonce", "attest", "signature", "values"}) {
    Json json = body_;
    json.set(name, nullptr);
    EXPECT_EQ(code(json), "ATT-SYNTAX") << name;
  }
  body_.set("registers", Json::Array{});
  EXPECT_EQ(code(body_), "ATT-SYNTAX");
}

// Class 1: one nonce has one text.
TEST_F(EvidenceBody, another_spelling_of_the_octets_is_refused) {
  for (const char* text : {"AB==", "AA", "AA==\n", "_-==", " AA=="}) {
    body_.set("nonce", text);
    EXPECT_EQ(code(body_), "ATT-SYNTAX") << text;
  }
}

TEST_F(EvidenceBody, a_value_that_is_no_lower_case_digest_is_refused) {
  for (const std::string& text :
       {std::string(), std::string(63, 'a'), std::string(66, 'a'), std::string(40, 'a'),
        std::string(95, 'a'), std::string(64, 'A'), std::string(64, 'g')}) {
    body_.set("values", Json::Array{Json(text)});
    EXPECT_EQ(code(body_), "ATT-SYNTAX") << text;
  }
  body_.set("values", Json::Array{Json(7)});
  EXPECT_EQ(code(body_), "ATT-SYNTAX");
}

TEST_F(EvidenceBody, more_than_24_values_or_huge_members_are_refused) {
  body_.set("values", Json::Array(25, Json(std::string(64, 'a'))));
  EXPECT_EQ(code(body_), "ATT-SYNTAX");
  body_.set("values", Json::Array{});
  body_.set("attest", std::string(100'000, 'A'));
  EXPECT_EQ(code(body_), "ATT-SYNTAX");
}

TEST_F(EvidenceBody, what_the_device_sends_is_read_and_verifies) {
  const auto evidence = parse_quote_evidence(body_);
  ASSERT_TRUE(evidence.has_value()) << describe(evidence.error());
  EXPECT_EQ(evidence->nonce, scene_.nonce);
  EXPECT_EQ(code_of(verify_quote(*evidence, scene_.expectation())), "accepted");
}

}  // namespace
}  // namespace vedette::attestation
