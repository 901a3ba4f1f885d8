// A device that enrols, with a TPM in software whose every statement a test can bend.
#pragma once

#include <string>

#include "codec/base64.h"
#include "crypto/tpm.h"
#include "identity/enrollment.h"
#include "testing/tpm_forge.h"

namespace vedette::identity {

struct EnrollmentScene {
  crypto::PrivateKey ek = crypto::PrivateKey::generate_p256();
  crypto::PrivateKey ak = crypto::PrivateKey::generate_p256();
  crypto::PrivateKey key = crypto::PrivateKey::generate_p256();
  testing::KeyShape ek_shape = testing::endorsement_shape();
  testing::KeyShape ak_shape = testing::attestation_shape();
  testing::KeyShape key_shape = testing::device_shape();
  Bytes channel = Bytes(32, 0xC4);
  TimePoint now = from_unix_seconds(1'900'000'000);

  [[nodiscard]] codec::TpmPublic ek_public() const { return parsed(ek, ek_shape); }
  [[nodiscard]] codec::TpmPublic ak_public() const { return parsed(ak, ak_shape); }
  [[nodiscard]] codec::TpmPublic key_public() const { return parsed(key, key_shape); }

  // A sound certification of the device key for this channel.
  [[nodiscard]] testing::AttestShape certification() const {
    testing::AttestShape shape;
    shape.type = 0x8017;
    shape.qualified_signer = testing::forge_qualified_name();
    shape.extra_data = to_bytes(enrollment_binding(channel, key.public_key().spki_sha256()));
    shape.name = crypto::tpm_name(key_public()).value();
    shape.qualified_name = testing::forge_qualified_name(0x52);
    return shape;
  }

  [[nodiscard]] EnrollmentRequest request(const testing::AttestShape& certification) const {
    const Bytes attest = testing::forge_attest(certification);
    return {.endorsement_key = ek_public(),
            .endorsement_certificate = std::nullopt,
            .attestation_key = ak_public(),
            .device_key = CertifiedKey{key_public(), attest, testing::forge_signature(ak, attest)}};
  }
  [[nodiscard]] EnrollmentRequest request() const { return request(certification()); }

  // A sound quote over the same key, as if it lived outside of the TPM.
  [[nodiscard]] testing::AttestShape key_quote() const {
    testing::AttestShape shape;
    shape.qualified_signer = testing::forge_qualified_name();
    shape.extra_data = to_bytes(outside_key_binding(channel, key.public_key().spki_sha256()));
    shape.selections = {{codec::TpmAlgorithm::sha256, {0}}};
    shape.pcr_digest = Bytes(32, 0xD1);
    return shape;
  }
  [[nodiscard]] EnrollmentRequest outside_request(const testing::AttestShape& quote,
                                                  KeyKind kind = KeyKind::pkcs11) const {
    const Bytes attest = testing::forge_attest(quote);
    EnrollmentRequest request = this->request();
    request.device_key =
        QuotedKey{kind, key.public_key().spki_der(), attest, testing::forge_signature(ak, attest)};
    return request;
  }
  [[nodiscard]] EnrollmentRequest outside_request() const { return outside_request(key_quote()); }

  [[nodiscard]] AllowedEndorsement allowed() const {
    return {endorsement_sha256(ek_public()), DeviceId::parse("drone-1").value(),
            GroupId::parse("drones").value()};
  }
  [[nodiscard]] EnrollmentContext context() const {
    return {.channel_binding = channel, .allowed = allowed(), .roots = {}, .now = now};
  }
  [[nodiscard]] Verified<EnrollmentClaim> claim() const {
    return verify_enrollment(request(), context()).value();
  }

 private:
  [[nodiscard]] static codec::TpmPublic parsed(const crypto::PrivateKey& key,
                                               const testing::KeyShape& shape) {
    return codec::parse_tpmt_public(testing::forge_public(key.public_key(), shape)).value();
  }
};

template <class T>
std::string code_of(const Result<T>& result) {
  return result.has_value() ? "accepted" : result.error().code;
}

}  // namespace vedette::identity
