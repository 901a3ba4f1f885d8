#include <functional>

#include <gtest/gtest.h>

#include "codec/base64.h"
#include "codec/json.h"
#include "crypto/jws.h"
#include "testing/ear_scene.h"

namespace vedette::attestation {
namespace {

using codec::Json;

class PresentedEar : public ::testing::Test {
 protected:
  [[nodiscard]] std::string code(const std::string& token) const {
    const auto ear = verify_ear(token, expected_);
    return ear.has_value() ? "accepted" : ear.error().code;
  }
  // The sound payload after `bend`, signed by the verifier as it is.
  [[nodiscard]] std::string bent(const std::function<void(Json&)>& bend) const {
    Json payload =
        codec::parse_json(
            crypto::verify_jws(scene_.token(), "eat+jwt", scene_.verifier.public_key()).value())
            .value();
    bend(payload);
    return sign(codec::to_json(payload));
  }
  [[nodiscard]] std::string sign(const std::string& payload) const {
    return crypto::sign_jws({"eat+jwt", "v1"}, payload, scene_.verifier).value();
  }
  [[nodiscard]] std::string code_with(std::string name, Json value) const {
    return code(bent([&](Json& payload) { payload.set(std::move(name), std::move(value)); }));
  }
  [[nodiscard]] std::string code_with_device(const std::string& name, const Json& value) const {
    return code(bent([&](Json& payload) {
      Json device = *payload.find("submods")->find("device");
      device.set(name, value);
      payload.set("submods", Json::Object{{"device", std::move(device)}});
    }));
  }

  EarScene scene_;
  EarExpectation expected_ = scene_.expectation();
};

// The form of the drafts before: dots in the names, the status in the submodule alone.
Json in_the_old_form(const Json& payload, const std::string& status) {
  const Json& device = *payload.find("submods")->find("device");
  Json old;
  old.set("ear.status", status);
  old.set("ear.trustworthiness-vector", *device.find("ear_trustworthiness_vector"));
  Json made = payload;
  made.set("eat_profile", kOldEarProfile);
  return made.set("submods", Json::Object{{"device", std::move(old)}});
}

TEST_F(PresentedEar, the_old_form_is_taken_and_held_to_the_same) {
  const auto old = [&](const std::string& status) {
    return code(bent([&](Json& payload) { payload = in_the_old_form(payload, status); }));
  };
  EXPECT_EQ(old("warning"), "EAR-STATUS");
  EXPECT_EQ(old("contraindicated"), "EAR-STATUS");
  EXPECT_EQ(old("affirming"), "accepted");
}

// Class 11: the signature.

TEST_F(PresentedEar, a_token_by_another_key_is_refused) {
  expected_.verifier_key = crypto::PrivateKey::generate_p256().public_key();
  EXPECT_EQ(code(scene_.token()), "JWS-SIGNATURE");
}

TEST_F(PresentedEar, a_token_of_another_algorithm_or_none_is_refused) {
  const std::string token = scene_.token();
  const std::string rest = token.substr(token.find('.'));
  for (const char* header :
       {R"({"alg":"none","typ":"eat+jwt"})", R"({"alg":"HS256","typ":"eat+jwt"})",
        R"({"alg":"ES384","typ":"eat+jwt"})"})
    EXPECT_EQ(code(codec::to_base64url(as_bytes(header)) + rest), "JWS-ALGORITHM") << header;
}

TEST_F(PresentedEar, a_token_of_another_type_is_refused) {
  const auto payload =
      crypto::verify_jws(scene_.token(), "eat+jwt", scene_.verifier.public_key()).value();
  EXPECT_EQ(code(crypto::sign_jws({"vedette-receipt+jwt", "v1"}, payload, scene_.verifier).value()),
            "JWS-TYPE");
}

TEST_F(PresentedEar, what_is_no_token_is_refused) {
  EXPECT_EQ(code(""), "JWS-SYNTAX");
  EXPECT_EQ(code("a.b"), "JWS-SYNTAX");
  EXPECT_EQ(code(sign("[]")), "EAR-SYNTAX");
  EXPECT_EQ(code(sign("not json")), "EAR-SYNTAX");
}

// Whose it is.

TEST_F(PresentedEar, a_token_bound_to_another_certificate_is_refused) {
  expected_.certificate_fingerprint[31] ^= 1U;
  EXPECT_EQ(code(scene_.token()), "EAR-BINDING");
}

TEST_F(PresentedEar, a_token_without_or_with_a_short_binding_is_refused) {
  EXPECT_EQ(code_with("cnf", nullptr), "EAR-SYNTAX");
  EXPECT_EQ(code_with("cnf", Json::Object{}), "EAR-SYNTAX");
  EXPECT_EQ(code_with("cnf", Json::Object{{"x5t#S256", ""}}), "EAR-BINDING");
  EXPECT_EQ(code_with("cnf", Json::Object{{"x5t#S256", "AA=="}}), "EAR-SYNTAX");
}

TEST_F(PresentedEar, another_devices_token_is_refused) {
  expected_.subject = "spiffe://edge.example/device/drone-2";
  EXPECT_EQ(code(scene_.token()), "EAR-SUBJECT");
}

TEST_F(PresentedEar, another_verifiers_token_is_refused) {
  expected_.issuer = "spiffe://other.example/server/control-plane";
  EXPECT_EQ(code(scene_.token()), "EAR-ISSUER");
}

TEST_F(PresentedEar, a_token_for_another_audience_or_none_is_refused) {
  EXPECT_EQ(code_with("aud", "spiffe://edge.example/server/other"), "EAR-AUDIENCE");
  EXPECT_EQ(code_with("aud", nullptr), "EAR-SYNTAX");
}

TEST_F(PresentedEar, a_token_of_another_profile_is_refused) {
  EXPECT_EQ(code_with("eat_profile", "tag:example.org,2023:ear"), "EAR-PROFILE");
  EXPECT_EQ(code_with("eat_profile", kOldEarProfile), "EAR-SYNTAX") << "the names must fit it";
  EXPECT_EQ(code_with("eat_profile", nullptr), "EAR-SYNTAX");
}

// When.

TEST_F(PresentedEar, an_expired_token_is_refused) {
  expected_.now = scene_.claims.expires_at - Duration(1);
  EXPECT_EQ(code(scene_.token()), "accepted");
  expected_.now = scene_.claims.expires_at;
  EXPECT_EQ(code(scene_.token()), "EAR-EXPIRED");
}

TEST_F(PresentedEar, a_token_from_the_future_is_refused_beyond_a_minute) {
  expected_.now = scene_.claims.issued_at - std::chrono::seconds(60);
  EXPECT_EQ(code(scene_.token()), "accepted");
  expected_.now -= Duration(1);
  EXPECT_EQ(code(scene_.token()), "EAR-NOT-YET-VALID");
}

TEST_F(PresentedEar, a_token_without_expiry_is_refused) {
  EXPECT_EQ(code_with("exp", nullptr), "EAR-SYNTAX");
  EXPECT_EQ(code_with("iat", nullptr), "EAR-SYNTAX");
}

TEST_F(PresentedEar, floating_times_are_refused) {
  EXPECT_EQ(code_with("exp", 1900000600.0), "EAR-SYNTAX");
  EXPECT_EQ(code_with("iat", 1.9e9), "EAR-SYNTAX");
  EXPECT_EQ(code_with("exp", "1900000600"), "EAR-SYNTAX");
}

TEST_F(PresentedEar, impossible_times_are_refused) {
  EXPECT_EQ(code_with("exp", std::numeric_limits<std::int64_t>::max()), "EAR-SYNTAX");
  EXPECT_EQ(code_with("iat", std::numeric_limits<std::int64_t>::min()), "EAR-SYNTAX");
}

TEST_F(PresentedEar, a_token_that_lives_longer_than_an_hour_is_refused) {
  EXPECT_EQ(code_with("exp", std::int64_t{1'900'000'000 + 3601}), "EAR-LIFETIME");
  EXPECT_EQ(code_with("exp", std::int64_t{1'900'000'000 - 1}), "EAR-LIFETIME");
}

// What it says.

TEST_F(PresentedEar, a_token_that_does_not_affirm_is_refused) {
  for (const char* status : {"none", "warning", "contraindicated"}) {
    EXPECT_EQ(code_with("ear_status", status), "EAR-STATUS") << status;
    EXPECT_EQ(code_with_device("ear_status", status), "EAR-STATUS") << status;
  }
  EXPECT_EQ(code_with("ear_status", "splendid"), "EAR-SYNTAX");
  EXPECT_EQ(code_with("ear_status", 2), "EAR-SYNTAX");
  EXPECT_EQ(code_with_device("ear_status", nullptr), "EAR-SYNTAX");
}

TEST_F(PresentedEar, an_affirming_status_over_a_worse_claim_is_refused) {
  for (const int claim : {32, 96, -97, 127})
    EXPECT_EQ(code_with_device("ear_trustworthiness_vector",
                               Json::Object{{"instance-identity", 2}, {"executables", claim}}),
              "EAR-VECTOR")
        << claim;
}

TEST_F(PresentedEar, an_affirming_status_over_no_claim_at_all_is_refused) {
  EXPECT_EQ(code_with_device("ear_trustworthiness_vector", Json::Object{}), "EAR-VECTOR");
  EXPECT_EQ(code_with_device("ear_trustworthiness_vector", nullptr), "EAR-SYNTAX");
}

TEST_F(PresentedEar, a_malformed_or_unknown_claim_is_refused) {
  for (const Json& claim : {Json(2.0), Json("2"), Json(128), Json(-129), Json(nullptr)})
    EXPECT_EQ(code_with_device("ear_trustworthiness_vector", Json::Object{{"executables", claim}}),
              "EAR-SYNTAX");
  EXPECT_EQ(code_with_device("ear_trustworthiness_vector",
                             Json::Object{{"executables", 3}, {"firmware", 96}}),
            "EAR-SYNTAX");
}

TEST_F(PresentedEar, a_token_without_submodule_group_or_epoch_is_refused) {
  EXPECT_EQ(code_with("submods", Json::Object{}), "EAR-SYNTAX");
  EXPECT_EQ(code_with("vedette_group", nullptr), "EAR-SYNTAX");
  EXPECT_EQ(code_with("vedette_group", "Not A Group"), "EAR-SYNTAX");
  EXPECT_EQ(code_with("vedette_epoch", nullptr), "EAR-SYNTAX");
  EXPECT_EQ(code_with("vedette_epoch", -1), "EAR-SYNTAX");
  EXPECT_EQ(code_with("vedette_epoch", 3.0), "EAR-SYNTAX");
}

// What is accepted.

TEST_F(PresentedEar, unknown_claims_are_ignored) {
  EXPECT_EQ(code_with("something_new", Json::Object{{"a", 1}}), "accepted");
}

TEST_F(PresentedEar, a_sound_token_says_for_whom_and_until_when) {
  const auto ear = verify_ear(scene_.token(), expected_);
  ASSERT_TRUE(ear.has_value()) << describe(ear.error());
  EXPECT_EQ(ear->subject(), "spiffe://edge.example/device/drone-1");
  EXPECT_EQ(ear->group().str(), "drones");
  EXPECT_EQ(ear->epoch(), Epoch{3});
  EXPECT_EQ(ear->issued_at(), scene_.claims.issued_at);
  EXPECT_EQ(ear->expires_at(), scene_.claims.expires_at);
}

}  // namespace
}  // namespace vedette::attestation
