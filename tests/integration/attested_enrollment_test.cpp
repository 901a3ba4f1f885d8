// A device on record enrols in one exchange (decision 13), and what is tried against that.
#include "identity/attested_enrollment.h"

#include <thread>

#include "attestation/conceptual_message.h"
#include "attestation/quote.h"
#include "codec/base64.h"
#include "crypto/attestation_bundle.h"

#include "enrolling_tpm_fixture.h"
#include "watched_client.h"

namespace vedette {
namespace {

constexpr const char* kEnroll = "/.well-known/est/simpleenroll";
constexpr const char* kUri = "spiffe://test.vedette/device/drone";

class AttestedEnrollment : public EnrollingTpm {
 protected:
  void SetUp() override {
    EnrollingTpm::SetUp();
    if (IsSkipped()) return;
    client_ = enrollment_client();
    allow("drone");
    const auto chain = agent::enroll(*client_, *tpm_, {*key_});
    ASSERT_TRUE(chain.has_value()) << describe(chain.error());
    former_ = chain->front();
  }

  // As after a time on the shelf: no certificate of before answers for a retry.
  void outlive_the_certificate() {
    const auto admin = operator_client();
    ASSERT_EQ(post(*admin, "/v1/devices/drone/quarantine", R"({"reason":"x"})"), "");
    ASSERT_EQ(post(*admin, "/v1/devices/drone/reinstate", R"({"reason":"x"})"), "");
  }
  [[nodiscard]] identity::Device record() const {
    std::optional<identity::Device> found;
    (void)store_->read([&](platform::UnitOfWork& unit) -> Result<void> {
      VEDETTE_TRY(found, unit.devices().find(DeviceId::parse("drone").value()));
      return {};
    });
    return found.value();
  }

  [[nodiscard]] Bytes nonce() const {
    const auto answer = client_->send(platform::get_request("/.well-known/est/nonce")).value();
    EXPECT_EQ(answer.content_type, "application/est-attestation-freshness+json");
    const auto body = codec::parse_json(as_text(answer.body)).value();
    EXPECT_EQ(body.integer("expiry").value(), 60);
    return codec::from_base64url(body.string("nonce").value()).value();
  }
  // What the TPM says of `key_`; each statement may answer another nonce.
  [[nodiscard]] crypto::AttestationStatement certification(ByteView nonce) const {
    const Bytes channel = client_->channel_binding().value();
    const auto made =
        tpm_->certify_device_key(
                identity::attested_binding(nonce, channel, key_->public_key().spki_sha256()))
            .value();
    const auto key = codec::parse_tpm2b_public(tpm_->device_key().value()).value();
    return {std::string(crypto::kTpmCertifyStatement),
            crypto::make_tpm_certify({made.attest, made.signature, key.encoded})};
  }
  [[nodiscard]] crypto::AttestationStatement quote(ByteView nonce, ByteView signed_nonce,
                                                   std::uint8_t last = 4) const {
    const Bytes channel = client_->channel_binding().value();
    const auto made = tpm_->quote({codec::TpmAlgorithm::sha256, {0, last}},
                                  attestation::quote_binding(
                                      signed_nonce, key_->public_key().spki_sha256(), channel))
                          .value();
    return {std::string(crypto::kConceptualMessage),
            crypto::make_json_message(
                attestation::wrap_evidence(attestation::to_json(attestation::QuoteEvidence{
                    to_bytes(nonce), made.attest, made.signature, made.pcr_values})))};
  }
  [[nodiscard]] Bytes request(std::span<const crypto::AttestationStatement> statements) const {
    return crypto::make_attested_request(*key_, "drone", kUri,
                                         crypto::make_attestation_bundle(statements))
        .value();
  }
  [[nodiscard]] static std::string sent(platform::HttpClient& client, const Bytes& request) {
    return code(client.send({.method = "POST",
                             .target = kEnroll,
                             .headers = {{"content-type", "application/pkcs10"}},
                             .body = to_bytes(codec::to_base64(request))}));
  }
  [[nodiscard]] std::string sent(const Bytes& request) const { return sent(*client_, request); }

  Client client_;
  std::optional<crypto::Certificate> former_;
};

// Group 9: its statements are sound, but its attestation key is nobody's on record.
TEST_F(AttestedEnrollment, ATpmThatDidNotEnrolBeforeIsRefused) {
  auto emulator = testing::SoftwareTpm::start().value();
  const auto stranger =
      platform::open_esys_tpm({emulator->tcti(), emulator->state_folder()}).value();
  const auto key = agent::device_private_key(*stranger).value();
  const auto refused = agent::enroll_attested(*client_, *stranger, key, *former_);
  EXPECT_EQ(refused.error().code, "ENR-AK-UNKNOWN");
}

// Group 11: the same octets again, over the same connection and over another one.
TEST_F(AttestedEnrollment, ARequestThatIsReplayedOrRelayedIsRefused) {
  const Bytes asked = nonce();
  const Bytes sound = request(std::array{certification(asked), quote(asked, asked)});
  const auto other = enrollment_client();
  EXPECT_EQ(sent(*other, sound), "ENR-NONCE");
  EXPECT_EQ(sent(sound), "");
  EXPECT_EQ(sent(sound), "ENR-NONCE-USED");
}

TEST_F(AttestedEnrollment, ANonceOfTheDevicesOwnIsRefused) {
  const Bytes own(48, 0x11);
  EXPECT_EQ(sent(request(std::array{certification(own), quote(own, own)})), "ENR-NONCE");
}

TEST_F(AttestedEnrollment, StatementsForAnotherNonceAreRefused) {
  const Bytes first = nonce();
  const Bytes second = nonce();
  EXPECT_EQ(sent(request(std::array{certification(first), quote(second, second)})),
            "ENR-CERTIFY-BINDING");
  EXPECT_EQ(sent(request(std::array{certification(second), quote(second, first)})), "ATT-NONCE");
}

TEST_F(AttestedEnrollment, ARequestThatLacksAStatementIsRefused) {
  const Bytes asked = nonce();
  EXPECT_EQ(sent(request(std::array{certification(asked)})), "ENR-QUOTE-MISSING");
  EXPECT_EQ(sent(request(std::array{quote(asked, asked)})), "ENR-KEY-STATEMENT");
}

TEST_F(AttestedEnrollment, AQuoteOfOtherRegistersIsRefused) {
  const Bytes asked = nonce();
  EXPECT_EQ(sent(request(std::array{certification(asked), quote(asked, asked, 5)})),
            "ATT-SELECTION");
}

// Group 10: an older state of a TPM that is a program, or passed through from elsewhere.
TEST_F(AttestedEnrollment, ATpmWhoseTimeWentBackIsRefused) {
  const auto quoted = tpm_->quote({codec::TpmAlgorithm::sha256, {0, 4}}, Bytes(32, 1)).value();
  const auto clock = codec::parse_tpms_attest(quoted.attest).value().clock;
  const attestation::AttestationState ahead{.at = clock_.now(),
                                            .clock = clock.clock + 1'000'000'000,
                                            .reset_count = clock.reset_count,
                                            .restart_count = clock.restart_count,
                                            .registers = {}};
  ASSERT_TRUE(store_->write([&](platform::UnitOfWork& unit) {
    return unit.attestations().save(DeviceId::parse("drone").value(), ahead);
  }));
  const auto refused = agent::enroll_attested(*client_, *tpm_, *key_, *former_);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, "ATT-CLOCK");
}

// The same, where nothing but a second state of the TPM explains it: both lose the identity.
TEST_F(AttestedEnrollment, ATpmWhoseTimeWentBackSinceIsPutIntoQuarantine) {
  const auto live = client(server_->ports().device, *former_, *key_);
  ASSERT_EQ(get(*live, "/v1/renewal-info"), "");
  const auto quoted = tpm_->quote({codec::TpmAlgorithm::sha256, {0, 4}}, Bytes(32, 1)).value();
  const auto clock = codec::parse_tpms_attest(quoted.attest).value().clock;
  const attestation::AttestationState ahead{
      .at = clock_.now() - std::chrono::seconds(5),
      .clock = clock.clock + 1'000'000'000,
      .reset_count = clock.reset_count,
      .restart_count = clock.restart_count,
      .registers = {},
      .attestation_key = crypto::sha256(record().attestation_key)};
  ASSERT_TRUE(store_->write([&](platform::UnitOfWork& unit) {
    return unit.attestations().save(DeviceId::parse("drone").value(), ahead);
  }));
  const auto refused = agent::enroll_attested(*client_, *tpm_, *key_, *former_);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, "ATT-CLONED");
  EXPECT_EQ(record().status, identity::DeviceStatus::quarantined);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  while (live->connected() && std::chrono::steady_clock::now() < deadline)
    std::this_thread::yield();
  EXPECT_FALSE(live->connected());
  EXPECT_EQ(agent::enroll_attested(*client_, *tpm_, *key_, *former_).error().code,
            "ENR-QUARANTINED");
  const auto admin = operator_client();
  const auto answer =
      admin->send(platform::get_request("/v1/log/entries?start=0&count=64")).value();
  const auto body = codec::parse_json(as_text(answer.body)).value();
  std::string entries;
  for (const auto& entry : *body.array("entries").value()->if_array())
    entries += as_text(codec::from_base64(*entry.if_string()).value());
  EXPECT_NE(entries.find(R"("kind":"clone-alarm")"), std::string::npos) << entries;
}

// Whichever way it asks: in one exchange, by a renewal, or with its whole TPM.
TEST_F(AttestedEnrollment, ATpmThatWasTakenOffTheAllowListGetsNoFurtherCertificate) {
  const auto credentials =
      agent::make_credentials({*former_}, *key_, "test.vedette", clock_.now()).value();
  const auto live = client(server_->ports().device, *former_, *key_);
  const auto admin = operator_client();
  ASSERT_EQ(post(*admin, "/v1/devices/drone/disallow", "{}"), "");
  EXPECT_EQ(post(*admin, "/v1/devices/drone/disallow", "{}"), "DEV-NOT-ALLOWED");
  EXPECT_EQ(agent::enroll_attested(*client_, *tpm_, *key_, *former_).error().code,
            "ENR-EK-UNKNOWN");
  EXPECT_EQ(agent::renew(*live, credentials).error().code, "ENR-EK-UNKNOWN");
  EXPECT_EQ(agent::enroll(*client_, *tpm_, {*key_}).error().code, "ENR-EK-UNKNOWN");
  EXPECT_EQ(get(*live, "/v1/renewal-info"), "") << "what it has goes on until it ends";
  allow("drone");
  EXPECT_TRUE(agent::renew(*live, credentials).has_value());
  EXPECT_TRUE(agent::enroll_attested(*client_, *tpm_, *key_, *former_).has_value());
}

// Taken off between the proof of the TPM and the request for the certificate.
TEST_F(AttestedEnrollment, AnEnrolmentThatWasBegunBeforeEndsWithoutACertificate) {
  const auto refused = [&] {
    WatchedClient between(*client_, [&](const platform::HttpRequest& request) {
      if (request.target == kEnroll) {
        ASSERT_EQ(post(*operator_client(), "/v1/devices/drone/disallow", "{}"), "");
      }
    });
    return agent::enroll(between, *tpm_, {*key_});
  }();
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, "ENR-EK-UNKNOWN");
}

TEST_F(AttestedEnrollment, ADeviceThatLostItsTrustIsRefused) {
  const auto admin = operator_client();
  ASSERT_EQ(post(*admin, "/v1/devices/drone/quarantine", R"({"reason":"x"})"), "");
  EXPECT_EQ(agent::enroll_attested(*client_, *tpm_, *key_, *former_).error().code,
            "ENR-QUARANTINED");
  ASSERT_EQ(post(*admin, "/v1/devices/drone/revoke", R"({"reason":"x"})"), "");
  EXPECT_EQ(agent::enroll_attested(*client_, *tpm_, *key_, *former_).error().code, "ENR-REVOKED");
}

TEST_F(AttestedEnrollment, ADeviceOnRecordGetsACertificateInOneExchange) {
  outlive_the_certificate();
  const Epoch before = record().epoch;
  const auto chain = agent::enroll_attested(*client_, *tpm_, *key_, *former_);
  ASSERT_TRUE(chain.has_value()) << describe(chain.error());
  EXPECT_EQ(chain->front().uri_names(), std::vector<std::string>{kUri});
  EXPECT_EQ(*chain->front().public_key(), key_->public_key());
  EXPECT_NE(chain->front().serial_hex(), former_->serial_hex());
  EXPECT_EQ(record().epoch.value, before.value + 1);
  const auto device = client(server_->ports().device, chain->front(), *key_);
  EXPECT_EQ(get(*device, "/v1/renewal-info"), "");
}

// Group 19: the answer was lost, the device asks once more over a new connection.
TEST_F(AttestedEnrollment, ARetryGetsTheSameCertificate) {
  outlive_the_certificate();
  const auto first = agent::enroll_attested(*client_, *tpm_, *key_, *former_);
  const auto over = enrollment_client();
  const auto again = agent::enroll_attested(*over, *tpm_, *key_, *former_);
  ASSERT_TRUE(first.has_value() && again.has_value());
  EXPECT_EQ(first->front().serial_hex(), again->front().serial_hex());
}

// The same key, of which the record said that it lives elsewhere: this is news, and no retry.
TEST_F(AttestedEnrollment, AKeyThatIsProvenToLiveInTheTpmIsNoRetryOfOneOutside) {
  auto outside = record();
  outside.key_kind = identity::KeyKind::memory;
  outside.vouched_in = identity::TpmBoot{1, 0};
  ASSERT_TRUE(
      store_->write([&](platform::UnitOfWork& unit) { return unit.devices().save(outside); }));
  ASSERT_TRUE(agent::enroll_attested(*client_, *tpm_, *key_, *former_).has_value());
  EXPECT_EQ(record().key_kind, identity::KeyKind::tpm);
  EXPECT_FALSE(record().vouched_in.has_value());
}

TEST_F(AttestedEnrollment, WhatTheDeviceHasBootedStandsInTheLog) {
  outlive_the_certificate();
  ASSERT_TRUE(agent::enroll_attested(*client_, *tpm_, *key_, *former_).has_value());
  const auto admin = operator_client();
  const auto answer =
      admin->send(platform::get_request("/v1/log/entries?start=0&count=64")).value();
  const auto body = codec::parse_json(as_text(answer.body)).value();
  const auto& entries = *body.array("entries").value()->if_array();
  const auto last = codec::from_base64(*entries.back().if_string()).value();
  const auto entry = codec::parse_json(as_text(last)).value();
  EXPECT_EQ(entry.string("kind").value_or(""), "enrol") << as_text(last);
  EXPECT_NE(as_text(last).find(R"("refusal":"ATT-PCR-UNEXTENDED")"), std::string_view::npos)
      << as_text(last);
}

}  // namespace
}  // namespace vedette
