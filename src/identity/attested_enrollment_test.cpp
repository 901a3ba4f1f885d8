#include "identity/attested_enrollment.h"

#include <gtest/gtest.h>

#include "testing/enrollment_scene.h"

namespace vedette::identity {
namespace {

using crypto::CertificateRequest;
using crypto::PrivateKey;

// A device that enrolled once; its certificate has expired on the shelf.
class Attested : public ::testing::Test {
 protected:
  static Device record(const Verified<EnrollmentClaim>& claim) {
    Device device = apply_enrollment({}, claim, from_unix_seconds(1'890'000'000)).value();
    device.epoch = Epoch{7};
    return device;
  }
  static CertificateRequest csr(const PrivateKey& key, const std::string& uri) {
    return crypto::parse_certificate_request(
               crypto::make_certificate_request(key, "drone-1", uri).value())
        .value();
  }
  [[nodiscard]] testing::AttestShape certification() const {
    testing::AttestShape shape = scene_.certification();
    shape.extra_data =
        to_bytes(attested_binding(nonce_, scene_.channel, scene_.key.public_key().spki_sha256()));
    return shape;
  }
  [[nodiscard]] CertifiedKey statement(const testing::AttestShape& shape) const {
    const Bytes attest = testing::forge_attest(shape);
    return {scene_.key_public(), attest, testing::forge_signature(scene_.ak, attest)};
  }
  [[nodiscard]] AttestedContext context() const {
    return {.nonce = nonce_,
            .channel_binding = scene_.channel,
            .device = device_,
            .allowed = allowed_,
            .roots = roots_,
            .now = scene_.now};
  }
  [[nodiscard]] std::string code(const CertifiedKey& statement) const {
    return code_of(apply_attested_enrollment(statement, request_, context()));
  }

  EnrollmentScene scene_;
  Bytes nonce_ = Bytes(48, 0x17);
  std::optional<Device> device_ = record(scene_.claim());
  std::optional<AllowedEndorsement> allowed_ = scene_.allowed();
  std::vector<EndorsementRoot> roots_;
  CertificateRequest request_ = csr(scene_.key, "spiffe://edge.example/device/drone-1");
};

TEST_F(Attested, a_device_that_is_not_on_record_is_refused) {
  device_.reset();
  EXPECT_EQ(code(statement(certification())), "ENR-AK-UNKNOWN");
}

// Group 9: a foreign attestation key, however sound its statement is.
TEST_F(Attested, another_attestation_key_than_the_one_on_record_is_refused) {
  scene_.ak = PrivateKey::generate_p256();
  EXPECT_EQ(code(statement(certification())), "ENR-AK-UNKNOWN");
}

// Group 11: replayed from an earlier exchange, or relayed over another connection.
TEST_F(Attested, a_certification_for_another_nonce_channel_or_key_is_refused) {
  auto shape = certification();
  const auto key = scene_.key.public_key().spki_sha256();
  for (const auto& binding :
       {attested_binding(Bytes(48, 0x18), scene_.channel, key),
        attested_binding(nonce_, Bytes(32, 0xC5), key),
        attested_binding(nonce_, scene_.channel,
                         PrivateKey::generate_p256().public_key().spki_sha256()),
        enrollment_binding(scene_.channel, key)}) {
    shape.extra_data = to_bytes(binding);
    EXPECT_EQ(code(statement(shape)), "ENR-CERTIFY-BINDING");
  }
}

TEST_F(Attested, a_request_for_another_key_is_refused) {
  request_ = csr(PrivateKey::generate_p256(), "spiffe://edge.example/device/drone-1");
  EXPECT_EQ(code(statement(certification())), "ENR-CSR-KEY");
}

TEST_F(Attested, a_key_that_may_leave_its_tpm_is_refused) {
  scene_.key_shape.attributes &= ~testing::kFixedTpm;
  EXPECT_EQ(code(statement(certification())), "ENR-KEY-ATTRIBUTES");
}

TEST_F(Attested, a_certification_of_another_key_is_refused) {
  auto shape = certification();
  shape.name = crypto::tpm_name(scene_.ak_public()).value();
  EXPECT_EQ(code(statement(shape)), "ENR-CERTIFY-NAME");
}

TEST_F(Attested, a_device_that_lost_its_trust_is_refused_once_it_has_proven_itself) {
  for (const auto& [status, refusal] : {std::pair(DeviceStatus::quarantined, "ENR-QUARANTINED"),
                                        std::pair(DeviceStatus::revoked, "ENR-REVOKED")}) {
    device_->status = status;
    EXPECT_EQ(code(statement(certification())), refusal);
  }
  scene_.ak = PrivateKey::generate_p256();
  EXPECT_EQ(code(statement(certification())), "ENR-AK-UNKNOWN") << "a stranger is told nothing";
}

TEST_F(Attested, a_tpm_that_was_taken_off_the_allow_list_is_refused_once_it_has_proven_itself) {
  allowed_.reset();
  const auto refused = apply_attested_enrollment(statement(certification()), request_, context());
  EXPECT_EQ(code_of(refused), "ENR-EK-UNKNOWN");
  EXPECT_NE(refused.error().hint.find("vedette device allow"), std::string::npos);
  allowed_ = scene_.allowed();
  allowed_->endorsement_sha256[0] ^= 1U;
  EXPECT_EQ(code(statement(certification())), "ENR-EK-UNKNOWN") << "another TPM's entry";
  allowed_.reset();
  scene_.ak = PrivateKey::generate_p256();
  EXPECT_EQ(code(statement(certification())), "ENR-AK-UNKNOWN") << "a stranger is told nothing";
}

TEST_F(Attested, a_tpm_whose_makers_root_is_configured_needs_no_entry) {
  allowed_.reset();
  roots_.push_back({device_->group, to_bytes("a root")});
  EXPECT_EQ(code(statement(certification())), "ENR-EK-UNKNOWN") << "another root admitted it";
  device_->maker_root = crypto::sha256(as_bytes("the root"));
  EXPECT_EQ(code(statement(certification())), "ENR-EK-UNKNOWN") << "its root was taken away";
  device_->maker_root = crypto::sha256(roots_[0].certificate_der);
  EXPECT_EQ(code(statement(certification())), "accepted");
  roots_[0].group = GroupId::parse("another").value();
  EXPECT_EQ(code(statement(certification())), "ENR-EK-UNKNOWN") << "for another group alone";
}

TEST_F(Attested, a_tpm_that_was_given_another_name_since_is_refused) {
  allowed_ = scene_.allowed();
  allowed_->device = DeviceId::parse("drone-2").value();
  EXPECT_EQ(code(statement(certification())), "ENR-EK-TAKEN");
}

TEST_F(Attested, the_record_takes_the_new_key_and_the_group_of_now_and_raises_the_epoch) {
  allowed_ = scene_.allowed();
  allowed_->group = GroupId::parse("spares").value();
  device_->sku = SkuId::parse("mk2").value();
  device_->device_key_sha256[0] ^= 1U;
  const auto device = apply_attested_enrollment(statement(certification()), request_, context());
  ASSERT_TRUE(device.has_value()) << describe(device.error());
  EXPECT_EQ(device->epoch, Epoch{8});
  EXPECT_EQ(device->group.str(), "spares");
  EXPECT_EQ(device->sku, device_->sku);
  EXPECT_EQ(device->device_key_sha256, scene_.key.public_key().spki_sha256());
  EXPECT_EQ(device->attestation_key, device_->attestation_key);
  EXPECT_EQ(device->enrolled_at, scene_.now);
}

TEST_F(Attested, a_request_names_one_device_of_this_domain) {
  const TrustDomain domain = TrustDomain::parse("edge.example").value();
  for (const char* uri : {"spiffe://edge.example/operator/drone-1", "https://edge.example/drone-1",
                          "spiffe://other.example/device/drone-1"})
    EXPECT_EQ(code_of(device_named_in(csr(scene_.key, uri), domain)), "ENR-CSR-SAN") << uri;
  EXPECT_EQ(code_of(device_named_in(csr(scene_.key, ""), domain)), "ENR-CSR-SAN");
  CertificateRequest two = request_;
  two.alternative_name_count = 2;
  EXPECT_EQ(code_of(device_named_in(two, domain)), "ENR-CSR-SAN");
  EXPECT_EQ(device_named_in(request_, domain).value().str(), "drone-1");
}

TEST_F(Attested, a_bundle_without_a_statement_about_the_key_is_refused) {
  const crypto::AttestationStatement message{std::string(crypto::kConceptualMessage),
                                             crypto::make_json_message("[]")};
  EXPECT_EQ(code_of(key_statement_in(std::array{message})), "ENR-KEY-STATEMENT");
  const CertifiedKey sound = statement(certification());
  const auto with_key = [&](const Bytes& key) {
    return key_statement_in(std::array{crypto::AttestationStatement{
        std::string(crypto::kTpmCertifyStatement),
        crypto::make_tpm_certify({sound.attest, sound.signature, key})}});
  };
  EXPECT_EQ(code_of(with_key({1, 2, 3})), "TPM-SYNTAX");
  EXPECT_EQ(code(with_key(sound.key.encoded).value()), "accepted");
}

}  // namespace
}  // namespace vedette::identity
