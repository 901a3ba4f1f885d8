// Enrolment with real TPM emulators against the real server.
#include "codec/base64.h"

#include "enrolling_tpm_fixture.h"

namespace vedette {
namespace {

using EnrollWithTpm = EnrollingTpm;

TEST_F(EnrollWithTpm, RefusesATpmThatNobodyAllowed) {
  const auto client = enrollment_client();
  EXPECT_EQ(agent::enroll(*client, *tpm_, {*key_}).error().code, "ENR-EK-UNKNOWN");
}

TEST_F(EnrollWithTpm, RefusesAnEnrolmentWithoutItsSecret) {
  const auto client = enrollment_client();
  const auto request = crypto::make_certificate_request(*key_, "drone", "").value();
  EXPECT_EQ(code(client->send({.method = "POST",
                               .target = "/.well-known/est/simpleenroll",
                               .headers = {{"content-type", "application/pkcs10"}},
                               .body = to_bytes(codec::to_base64(request))})),
            "AUTH-MISSING");
}

TEST_F(EnrollWithTpm, IssuesACertificateForTheKeyInTheTpmAndRenewsIt) {
  allow("drone");
  const auto client = enrollment_client();
  const auto chain = agent::enroll(*client, *tpm_, {*key_});
  ASSERT_TRUE(chain.has_value()) << describe(chain.error());
  EXPECT_EQ(chain->front().uri_names(),
            std::vector<std::string>{"spiffe://test.vedette/device/drone"});
  EXPECT_EQ(*chain->front().public_key(), key_->public_key());
  const auto credentials = agent::make_credentials(*chain, *key_, "test.vedette", clock_.now());
  ASSERT_TRUE(credentials.has_value()) << describe(credentials.error());
  const auto device = this->client(server_->ports().device, chain->front(), *key_);
  const auto renewed = agent::renew(*device, *credentials);
  ASSERT_TRUE(renewed.has_value()) << describe(renewed.error());
  EXPECT_NE(renewed->front().serial_hex(), chain->front().serial_hex());
}

// Groups 15 and 19 of the identity attacks: the whole enrolment once more, since its answer was
// lost.
TEST_F(EnrollWithTpm, EnrollingAgainWithTheSameKeysGetsTheSameCertificate) {
  allow("drone");
  const auto client = enrollment_client();
  const auto first = agent::enroll(*client, *tpm_, {*key_});
  const auto again = agent::enroll(*client, *tpm_, {*key_});
  ASSERT_TRUE(first.has_value() && again.has_value());
  EXPECT_EQ(first->front().serial_hex(), again->front().serial_hex());
  ASSERT_EQ(post(*operator_client(), "/v1/devices/drone/quarantine", R"({"reason":"x"})"), "");
  EXPECT_EQ(agent::enroll(*client, *tpm_, {*key_}).error().code, "ENR-QUARANTINED");
}

TEST_F(EnrollWithTpm, TheRuleSaysTheSkuOnceAndEnrollingAgainDoesNotChangeIt) {
  allow("drone", R"(,"sku":"mk1")");
  const auto client = enrollment_client();
  const auto admin = operator_client();
  const auto sku = [&] {
    const auto answer = admin->send(platform::get_request("/v1/devices"));
    const auto body = codec::parse_json(as_text(answer->body)).value();
    return body.array("devices").value()->if_array()->at(0).string("sku").value_or("none");
  };
  ASSERT_TRUE(agent::enroll(*client, *tpm_, {*key_}).has_value());
  EXPECT_EQ(sku(), "mk1");
  ASSERT_EQ(post(*admin, "/v1/devices/drone/sku", R"({"sku":"mk2"})"), "");
  // Its status having changed, it enrols in earnest, and is not told again what it was told.
  ASSERT_EQ(post(*admin, "/v1/devices/drone/quarantine", R"({"reason":"x"})"), "");
  ASSERT_EQ(post(*admin, "/v1/devices/drone/reinstate", R"({"reason":"x"})"), "");
  ASSERT_TRUE(agent::enroll(*client, *tpm_, {*key_}).has_value());
  EXPECT_EQ(sku(), "mk2");
}

TEST_F(EnrollWithTpm, ARevokedDeviceDoesNotGetAnotherCertificate) {
  allow("drone");
  const auto client = enrollment_client();
  ASSERT_TRUE(agent::enroll(*client, *tpm_, {*key_}).has_value());
  const auto admin = operator_client();
  ASSERT_EQ(post(*admin, "/v1/devices/drone/revoke", R"({"reason":"lost"})"), "");
  EXPECT_EQ(agent::enroll(*client, *tpm_, {*key_}).error().code, "ENR-REVOKED");
}

}  // namespace
}  // namespace vedette
