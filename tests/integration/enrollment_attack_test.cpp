// Enrolments with a genuine endorsement key and other keys beside it (group 9 of the identity
// attacks), and answers that are lost (group 19).
#include "codec/base64.h"
#include "testing/enrollment_scene.h"

#include "enrolling_tpm_fixture.h"
#include "watched_client.h"

namespace vedette {
namespace {

class AttackOnEnrolment : public EnrollingTpm {
 protected:
  void SetUp() override {
    EnrollingTpm::SetUp();
    if (IsSkipped()) return;
    allow("drone");
    client_ = enrollment_client();
  }

  // What an attacker knows: the public part of an endorsement key that somebody allowed.
  [[nodiscard]] codec::TpmPublic genuine_endorsement_key() const {
    return codec::parse_tpm2b_public(tpm_->endorsement_key().value()).value();
  }
  // The scene's attestation key vouches for its device key, on this connection.
  [[nodiscard]] codec::Json body(identity::EnrollmentScene& scene,
                                 const codec::TpmPublic& attestation_key,
                                 const crypto::PrivateKey& signer) const {
    scene.channel = client_->channel_binding().value();
    const Bytes attest = testing::forge_attest(scene.certification());
    codec::Json proof;
    proof.set("attest", codec::to_base64(attest));
    proof.set("signature", codec::to_base64(testing::forge_signature(signer, attest)));
    codec::Json json;
    const auto set = [&](const char* name, const codec::TpmPublic& key) {
      json.set(name, codec::to_base64(testing::sized(key.encoded)));
    };
    set("endorsement_key", genuine_endorsement_key());
    set("attestation_key", attestation_key);
    set("device_key", scene.key_public());
    json.set("certification", std::move(proof));
    return json;
  }
  [[nodiscard]] Result<codec::Json> begin(const codec::Json& body) {
    const auto answer = client_->send(platform::json_request("POST", "/v1/enrollments", body));
    return platform::read_json_answer(answer.value());
  }
  [[nodiscard]] std::string complete(const std::string& enrollment, ByteView secret,
                                     const crypto::PrivateKey& key) {
    const std::string credentials =
        codec::to_base64(as_bytes(enrollment + ":" + codec::to_base64url(secret)));
    const Bytes request = crypto::make_certificate_request(key, "drone", "").value();
    return code(client_->send({.method = "POST",
                               .target = "/.well-known/est/simpleenroll",
                               .headers = {{"content-type", "application/pkcs10"},
                                           {"authorization", "Basic " + credentials}},
                               .body = to_bytes(codec::to_base64(request))}));
  }
  // The TPM of the endorsement key opens nothing for the attacker, and guessing ends it.
  void expect_no_certificate(const codec::Json& answer, const crypto::PrivateKey& key) {
    const auto octets = [&](const char* name) {
      return codec::from_base64(answer.string(name).value()).value();
    };
    const auto opened =
        tpm_->activate_credential(octets("credential_blob"), octets("encrypted_secret"));
    ASSERT_FALSE(opened.has_value()) << "for a key that does not live in it";
    EXPECT_EQ(opened.error().code, "TPM-CREDENTIAL");
    const std::string enrollment = answer.string("enrollment").value();
    for (std::uint8_t guess = 0; guess < 3; ++guess)
      EXPECT_EQ(complete(enrollment, Bytes(32, guess), key), "ENR-SECRET");
    EXPECT_EQ(complete(enrollment, Bytes(32, 9), key), "ENR-UNKNOWN");
  }

  Client client_;
};

// A key in software that says of itself that it is fixed and restricted: nothing in the request
// tells that from the truth, but the TPM does.
TEST_F(AttackOnEnrolment, AGenuineEndorsementKeyBesideASoftwareKeyGetsNoCertificate) {
  identity::EnrollmentScene scene;
  const auto answer = begin(body(scene, scene.ak_public(), scene.ak));
  ASSERT_TRUE(answer.has_value()) << describe(answer.error());
  expect_no_certificate(*answer, scene.key);
  EXPECT_TRUE(agent::enroll(*client_, *tpm_, {*key_}).has_value()) << "the genuine one still can";
}

TEST_F(AttackOnEnrolment, ASoftwareKeyThatDoesNotSayThatItIsFixedIsRefused) {
  identity::EnrollmentScene scene;
  scene.ak_shape.attributes &= ~testing::kFixedTpm;
  EXPECT_EQ(begin(body(scene, scene.ak_public(), scene.ak)).error().code, "ENR-AK-ATTRIBUTES");
}

// A key of the genuine TPM that signs anything, a forged TPM_GENERATED too: the device's own key.
TEST_F(AttackOnEnrolment, AnUnrestrictedKeyThatForgesATpmsWordGetsNoCertificate) {
  identity::EnrollmentScene scene;
  const auto unrestricted = codec::parse_tpm2b_public(tpm_->device_key().value()).value();
  EXPECT_EQ(begin(body(scene, unrestricted, *key_)).error().code, "ENR-AK-ATTRIBUTES");
  // It says of itself that it is restricted: then that is not its Name.
  const auto lying = codec::parse_tpmt_public(
                         testing::forge_public(key_->public_key(), testing::attestation_shape()))
                         .value();
  const auto answer = begin(body(scene, lying, *key_));
  ASSERT_TRUE(answer.has_value()) << describe(answer.error());
  expect_no_certificate(*answer, scene.key);
}

// A handover in the middle: the certificate was issued, the device never heard of it.
TEST_F(AttackOnEnrolment, AnAnswerThatWasLostIsGivenAgain) {
  std::string lost;
  WatchedClient broken(*client_, {}, [&](const auto& request, auto answer) {
    if (!request.target.ends_with("/simpleenroll")) return answer;
    const Bytes der = codec::from_base64_lines(as_text(answer.value().body)).value();
    lost = crypto::parse_certs_only(der).value().front().serial_hex();
    return Result<platform::HttpResponse>(refuse("NET-CLOSED", "the connection broke"));
  });
  EXPECT_EQ(agent::enroll(broken, *tpm_, {*key_}).error().code, "NET-CLOSED");
  const auto other = enrollment_client();
  const auto again = agent::enroll(*other, *tpm_, {*key_});
  ASSERT_TRUE(again.has_value()) << describe(again.error());
  EXPECT_EQ(again->front().serial_hex(), lost);
}

}  // namespace
}  // namespace vedette
