#include "identity/enrollment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/enrollment_scene.h"

namespace vedette::identity {
namespace {

using codec::TpmAlgorithm;
using ::testing::HasSubstr;
using vedette::testing::AttestShape;

class Enrollment : public ::testing::Test {
 protected:
  [[nodiscard]] std::string code_with(const AttestShape& certification) const {
    return code_of(verify_enrollment(scene_.request(certification), scene_.context()));
  }
  [[nodiscard]] std::string code() const { return code_with(scene_.certification()); }

  template <class Request>
  static auto& certified(Request& request) {
    return std::get<CertifiedKey>(request.device_key);
  }

  EnrollmentScene scene_;
};

TEST_F(Enrollment, an_unknown_endorsement_key_is_refused_and_the_way_to_allow_it_is_named) {
  auto context = scene_.context();
  context.allowed.reset();
  const auto refused = verify_enrollment(scene_.request(), context);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, "ENR-EK-UNKNOWN");
  const std::string hash = to_hex(endorsement_sha256(scene_.ek_public()));
  EXPECT_THAT(refused.error().hint,
              HasSubstr("vedette device allow <device> --group <group> --ek-sha256 "));
  EXPECT_THAT(refused.error().hint, HasSubstr(hash));
}

TEST_F(Enrollment, an_allow_list_entry_of_another_endorsement_key_does_not_admit) {
  auto context = scene_.context();
  context.allowed->endorsement_sha256[0] ^= 1U;
  EXPECT_EQ(code_of(verify_enrollment(scene_.request(), context)), "ENR-EK-UNKNOWN");
}

TEST_F(Enrollment, an_endorsement_key_that_could_be_used_outside_of_its_tpm_is_refused) {
  for (const std::uint32_t flipped :
       {vedette::testing::kFixedTpm, vedette::testing::kFixedParent,
        vedette::testing::kSensitiveDataOrigin, vedette::testing::kSign}) {
    scene_ = {};
    scene_.ek_shape.attributes ^= flipped;
    EXPECT_EQ(code(), "ENR-EK-ATTRIBUTES") << std::hex << flipped;
  }
}

TEST_F(Enrollment, a_signing_key_as_endorsement_key_is_refused) {
  scene_.ek_shape = vedette::testing::attestation_shape();
  EXPECT_EQ(code(), "ENR-EK-ATTRIBUTES");
}

// Class 5 and CVE-2021-3406: an AK without these could sign what an attacker wrote.
TEST_F(Enrollment, a_software_or_unrestricted_attestation_key_is_refused) {
  for (const std::uint32_t flipped : {vedette::testing::kFixedTpm, vedette::testing::kFixedParent,
                                      vedette::testing::kSensitiveDataOrigin,
                                      vedette::testing::kRestricted, vedette::testing::kSign}) {
    scene_ = {};
    scene_.ak_shape.attributes ^= flipped;
    EXPECT_EQ(code(), "ENR-AK-ATTRIBUTES") << std::hex << flipped;
  }
}

TEST_F(Enrollment, the_refusal_names_the_attribute) {
  scene_.ak_shape.attributes &= ~vedette::testing::kRestricted;
  const auto refused = verify_enrollment(scene_.request(), scene_.context());
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().cause, "restricted is not set");
}

TEST_F(Enrollment, an_attestation_key_of_another_scheme_is_refused) {
  scene_.ak_shape.scheme_hash = TpmAlgorithm::sha1;
  EXPECT_EQ(code(), "ENR-AK-SCHEME");
  scene_.ak_shape.scheme_hash = TpmAlgorithm::sha384;
  EXPECT_EQ(code(), "ENR-AK-SCHEME");
  scene_.ak_shape.scheme = TpmAlgorithm::null;
  EXPECT_EQ(code(), "ENR-AK-SCHEME");
}

TEST_F(Enrollment, an_attestation_key_with_a_sha1_name_is_refused) {
  scene_.ak_shape.name_algorithm = TpmAlgorithm::sha1;
  EXPECT_EQ(code(), "ENR-AK-SCHEME");
}

TEST_F(Enrollment, a_device_key_that_could_leave_its_tpm_is_refused) {
  for (const std::uint32_t flipped :
       {vedette::testing::kFixedTpm, vedette::testing::kFixedParent,
        vedette::testing::kSensitiveDataOrigin, vedette::testing::kRestricted,
        vedette::testing::kSign, vedette::testing::kDecrypt}) {
    scene_ = {};
    scene_.key_shape.attributes ^= flipped;
    EXPECT_EQ(code(), "ENR-KEY-ATTRIBUTES") << std::hex << flipped;
  }
}

TEST_F(Enrollment, a_device_key_with_another_name_algorithm_is_refused) {
  scene_.key_shape.name_algorithm = TpmAlgorithm::sha384;
  const auto request = scene_.request();
  EXPECT_EQ(code_of(verify_enrollment(request, scene_.context())), "ENR-KEY-KIND");
}

TEST_F(Enrollment, a_foreign_attestation_keys_signature_is_refused) {
  auto request = scene_.request();
  certified(request).signature = vedette::testing::forge_signature(
      crypto::PrivateKey::generate_p256(), certified(request).attest);
  EXPECT_EQ(code_of(verify_enrollment(request, scene_.context())), "ENR-CERTIFY-SIGNATURE");
}

TEST_F(Enrollment, a_certification_signed_by_the_device_key_itself_is_refused) {
  auto request = scene_.request();
  certified(request).signature =
      vedette::testing::forge_signature(scene_.key, certified(request).attest);
  EXPECT_EQ(code_of(verify_enrollment(request, scene_.context())), "ENR-CERTIFY-SIGNATURE");
}

TEST_F(Enrollment, a_signature_that_claims_sha1_is_refused) {
  auto request = scene_.request();
  certified(request).signature =
      vedette::testing::forge_signature(scene_.ak, certified(request).attest, TpmAlgorithm::sha1);
  EXPECT_EQ(code_of(verify_enrollment(request, scene_.context())), "ENR-CERTIFY-SIGNATURE");
}

TEST_F(Enrollment, garbage_in_place_of_a_signature_is_refused) {
  auto request = scene_.request();
  certified(request).signature = to_bytes("not a signature");
  EXPECT_EQ(code_of(verify_enrollment(request, scene_.context())), "ENR-CERTIFY-SIGNATURE");
}

TEST_F(Enrollment, a_flipped_bit_anywhere_in_the_certification_is_refused) {
  const auto request = scene_.request();
  for (std::size_t i = 0; i < certified(request).attest.size(); ++i) {
    auto bent = request;
    certified(bent).attest[i] ^= 1U;
    EXPECT_EQ(code_of(verify_enrollment(bent, scene_.context())), "ENR-CERTIFY-SIGNATURE") << i;
  }
}

// An unrestricted key would sign these; the checks must not rely on the key alone.
TEST_F(Enrollment, a_statement_without_the_tpms_magic_is_refused) {
  auto shape = scene_.certification();
  shape.magic = 0xFF544346;
  EXPECT_EQ(code_with(shape), "ENR-CERTIFY-MAGIC");
}

TEST_F(Enrollment, a_quote_or_creation_in_place_of_a_certification_is_refused) {
  auto shape = scene_.certification();
  shape.type = 0x8018;
  EXPECT_EQ(code_with(shape), "ENR-CERTIFY-TYPE");
  shape.type = 0x801A;
  EXPECT_EQ(code_with(shape), "ENR-CERTIFY-TYPE");
}

TEST_F(Enrollment, octets_behind_the_certification_are_refused) {
  auto shape = scene_.certification();
  shape.trailing = {0};
  EXPECT_EQ(code_with(shape), "ENR-CERTIFY-SYNTAX");
}

TEST_F(Enrollment, a_signer_that_cannot_be_the_attestation_key_is_refused) {
  auto shape = scene_.certification();
  shape.qualified_signer.clear();
  EXPECT_EQ(code_with(shape), "ENR-CERTIFY-SIGNER");
  shape.qualified_signer = {0x40, 0x00, 0x00, 0x01};  // a hierarchy: nobody signed
  EXPECT_EQ(code_with(shape), "ENR-CERTIFY-SIGNER");
  shape.qualified_signer = crypto::tpm_name(scene_.ak_public()).value();
  EXPECT_EQ(code_with(shape), "ENR-CERTIFY-SIGNER");
}

TEST_F(Enrollment, a_certification_of_another_key_is_refused) {
  auto shape = scene_.certification();
  shape.name = crypto::tpm_name(scene_.ak_public()).value();
  EXPECT_EQ(code_with(shape), "ENR-CERTIFY-NAME");
  shape.name.clear();
  EXPECT_EQ(code_with(shape), "ENR-CERTIFY-NAME");
}

// Class 1: replayed from, or relayed over, another connection.
TEST_F(Enrollment, a_certification_made_for_another_connection_is_refused) {
  const auto request = scene_.request();
  scene_.channel[0] ^= 1U;
  EXPECT_EQ(code_of(verify_enrollment(request, scene_.context())), "ENR-CERTIFY-BINDING");
}

TEST_F(Enrollment, a_certification_without_or_with_a_padded_binding_is_refused) {
  auto shape = scene_.certification();
  shape.extra_data.push_back(0);
  EXPECT_EQ(code_with(shape), "ENR-CERTIFY-BINDING");
  shape.extra_data.clear();
  EXPECT_EQ(code_with(shape), "ENR-CERTIFY-BINDING");
}

TEST_F(Enrollment, a_connection_without_channel_binding_is_refused) {
  scene_.channel.clear();
  EXPECT_EQ(code(), "ENR-CHANNEL");
}

TEST_F(Enrollment, the_binding_is_the_one_of_the_protocol) {
  const crypto::Sha256Digest key_sha256 = crypto::sha256(as_bytes("key"));
  Bytes message = to_bytes("vedette enrollment v1");
  message.push_back(0);
  append(message, scene_.channel);
  append(message, key_sha256);
  EXPECT_EQ(enrollment_binding(scene_.channel, key_sha256), crypto::sha256(message));
}

TEST_F(Enrollment, an_allowed_device_becomes_a_claim) {
  const auto claim = verify_enrollment(scene_.request(), scene_.context());
  ASSERT_TRUE(claim.has_value()) << describe(claim.error());
  EXPECT_EQ((*claim)->device.str(), "drone-1");
  EXPECT_EQ((*claim)->group.str(), "drones");
  EXPECT_EQ((*claim)->admission, Admission::allow_list);
  EXPECT_EQ((*claim)->device_key, scene_.key.public_key());
  EXPECT_EQ((*claim)->device_key_sha256, scene_.key.public_key().spki_sha256());
  EXPECT_EQ((*claim)->attestation_key_name, crypto::tpm_name(scene_.ak_public()).value());
  EXPECT_EQ((*claim)->endorsement_sha256, crypto::sha256(scene_.ek_public().encoded));
}

TEST_F(Enrollment, a_credential_can_be_made_for_the_claim) {
  const auto claim = scene_.claim();
  EXPECT_TRUE(crypto::make_credential(claim->endorsement_key, claim->attestation_key_name,
                                      SecretBytes(Bytes(32, 7)))
                  .has_value());
}

}  // namespace
}  // namespace vedette::identity
