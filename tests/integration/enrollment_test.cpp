// Enrolment with real TPM emulators against the real server.
#include "agent/enrollment.h"

#include <thread>

#include "crypto/digest.h"
#include "platform/tpm/esys/esys_tpm.h"
#include "testing/software_tpm.h"

#include "control_plane_fixture.h"

namespace vedette {
namespace {

class EnrollWithTpm : public ControlPlane {
 protected:
  void SetUp() override {
    VEDETTE_SKIP_WITHOUT_SOFTWARE_TPM();
    auto emulator = testing::SoftwareTpm::start();
    ASSERT_TRUE(emulator.has_value()) << describe(emulator.error());
    emulator_ = std::move(*emulator);
    auto tpm = platform::open_esys_tpm({emulator_->tcti(), emulator_->state_folder()});
    ASSERT_TRUE(tpm.has_value()) << describe(tpm.error());
    tpm_ = std::move(*tpm);
    key_ = *agent::device_private_key(*tpm_);
  }

  // `more`: further members of the rule.
  void allow(const std::string& device, const std::string& more = "") {
    const auto endorsement = codec::parse_tpm2b_public(*tpm_->endorsement_key());
    const std::string body = R"({"device":")" + device + R"(","group":"g","endorsement_sha256":")" +
                             to_hex(crypto::sha256(endorsement->encoded)) + "\"" + more + "}";
    const auto admin = operator_client();
    ASSERT_EQ(post(*admin, "/v1/devices/allow", body), "");
  }

  std::unique_ptr<testing::SoftwareTpm> emulator_;
  std::unique_ptr<platform::Tpm> tpm_;
  std::optional<crypto::PrivateKey> key_;
};

TEST_F(EnrollWithTpm, RefusesATpmThatNobodyAllowed) {
  const auto client = enrollment_client();
  EXPECT_EQ(agent::enroll(*client, *tpm_, *key_).error().code, "ENR-EK-UNKNOWN");
}

TEST_F(EnrollWithTpm, RefusesAnEnrolmentWithoutItsSecret) {
  const auto client = enrollment_client();
  EXPECT_EQ(post(*client, "/.well-known/est/simpleenroll", "MAA="), "AUTH-MISSING");
}

TEST_F(EnrollWithTpm, IssuesACertificateForTheKeyInTheTpmAndRenewsIt) {
  allow("drone");
  const auto client = enrollment_client();
  const auto chain = agent::enroll(*client, *tpm_, *key_);
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
  const auto first = agent::enroll(*client, *tpm_, *key_);
  const auto again = agent::enroll(*client, *tpm_, *key_);
  ASSERT_TRUE(first.has_value() && again.has_value());
  EXPECT_EQ(first->front().serial_hex(), again->front().serial_hex());
  ASSERT_EQ(post(*operator_client(), "/v1/devices/drone/quarantine", R"({"reason":"x"})"), "");
  EXPECT_EQ(agent::enroll(*client, *tpm_, *key_).error().code, "ENR-QUARANTINED");
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
  ASSERT_TRUE(agent::enroll(*client, *tpm_, *key_).has_value());
  EXPECT_EQ(sku(), "mk1");
  ASSERT_EQ(post(*admin, "/v1/devices/drone/sku", R"({"sku":"mk2"})"), "");
  // Its status having changed, it enrols in earnest, and is not told again what it was told.
  ASSERT_EQ(post(*admin, "/v1/devices/drone/quarantine", R"({"reason":"x"})"), "");
  ASSERT_EQ(post(*admin, "/v1/devices/drone/reinstate", R"({"reason":"x"})"), "");
  ASSERT_TRUE(agent::enroll(*client, *tpm_, *key_).has_value());
  EXPECT_EQ(sku(), "mk2");
}

TEST_F(EnrollWithTpm, ARevokedDeviceDoesNotGetAnotherCertificate) {
  allow("drone");
  const auto client = enrollment_client();
  ASSERT_TRUE(agent::enroll(*client, *tpm_, *key_).has_value());
  const auto admin = operator_client();
  ASSERT_EQ(post(*admin, "/v1/devices/drone/revoke", R"({"reason":"lost"})"), "");
  EXPECT_EQ(agent::enroll(*client, *tpm_, *key_).error().code, "ENR-REVOKED");
}

}  // namespace
}  // namespace vedette
