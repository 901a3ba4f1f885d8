#include <gtest/gtest.h>

#include "codec/json.h"
#include "crypto/jws.h"
#include "testing/ear_scene.h"

namespace vedette::attestation {
namespace {

class IssuedEar : public ::testing::Test {
 protected:
  [[nodiscard]] std::string code() const {
    const auto token = issue_ear(scene_.claims, scene_.verifier, "v1");
    return token.has_value() ? "issued" : token.error().code;
  }

  EarScene scene_;
};

TEST_F(IssuedEar, a_lifetime_of_nothing_or_beyond_an_hour_is_refused) {
  scene_.claims.expires_at = scene_.claims.issued_at;
  EXPECT_EQ(code(), "EAR-LIFETIME");
  scene_.claims.expires_at = scene_.claims.issued_at + std::chrono::hours(1);
  EXPECT_EQ(code(), "issued");
  scene_.claims.expires_at += std::chrono::seconds(1);
  EXPECT_EQ(code(), "EAR-LIFETIME");
}

TEST_F(IssuedEar, a_status_better_than_the_worst_claim_is_refused) {
  scene_.claims.vector.set(TrustClaim::configuration, 96);
  EXPECT_EQ(code(), "EAR-STATUS");
  scene_.claims.status = TrustTier::contraindicated;
  EXPECT_EQ(code(), "issued");
}

TEST_F(IssuedEar, a_nonce_that_is_too_short_or_long_is_refused) {
  scene_.claims.nonce = Bytes(7);
  EXPECT_EQ(code(), "EAR-NONCE");
  scene_.claims.nonce = Bytes(65);
  EXPECT_EQ(code(), "EAR-NONCE");
}

TEST_F(IssuedEar, the_kind_of_the_devices_key_is_told) {
  scene_.claims.device_key = "memory";
  const auto payload = crypto::verify_jws(scene_.token(), "eat+jwt", scene_.verifier.public_key());
  ASSERT_TRUE(payload.has_value()) << describe(payload.error());
  EXPECT_NE(payload->find(R"("vedette_device_key":"memory")"), std::string::npos) << *payload;
}

// draft-ietf-rats-ear-03, 3: names and kinds.
TEST_F(IssuedEar, the_payload_is_that_of_the_draft) {
  const auto payload = crypto::verify_jws(scene_.token(), "eat+jwt", scene_.verifier.public_key());
  ASSERT_TRUE(payload.has_value()) << describe(payload.error());
  EXPECT_EQ(*payload, R"({"eat_profile":"tag:ietf.org,2026:rats/ear#03",)"
                      R"("iss":"spiffe://edge.example/server/control-plane",)"
                      R"("sub":"spiffe://edge.example/device/drone-1",)"
                      R"("aud":"spiffe://edge.example/server/control-plane",)"
                      R"("iat":1900000000,"exp":1900000600,)"
                      R"("cnf":{"x5t#S256":"A9Zt0Ig1wco_EozOrNHzGslBYwlrIPRFroQoW8CDLXI"},)"
                      R"("ear_verifier_id":{"developer":"vedette","build":"vedette-server"},)"
                      R"("ear_status":"affirming",)"
                      R"("submods":{"device":{"ear_status":"affirming",)"
                      R"("ear_trustworthiness_vector":{"instance-identity":2,"executables":3},)"
                      R"("ear_appraisal_policy_ids":["tag:vedette,2026:measured-device#1"],)"
                      R"("eat_nonce":"ERERERERERERERERERERERERERERERERERERERERERE"}},)"
                      R"("vedette_group":"drones","vedette_epoch":3})");
}

TEST_F(IssuedEar, the_key_is_named_in_the_header) {
  const auto header = crypto::peek_jws_header(scene_.token());
  ASSERT_TRUE(header.has_value());
  EXPECT_EQ(header->type, "eat+jwt");
  EXPECT_EQ(header->key_id, "v1");
}

}  // namespace
}  // namespace vedette::attestation
