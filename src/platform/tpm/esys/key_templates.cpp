#include "platform/tpm/esys/key_templates.h"

#include <algorithm>
#include <array>

namespace vedette::platform::esys {

namespace {

constexpr TPMA_OBJECT kFixed =
    TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN;

// PolicySecret(TPM_RH_ENDORSEMENT): "PolicyA" of the profile, B.6.2.
constexpr std::array<BYTE, 32> kEndorsementPolicy{
    0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24,
    0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa};

TPMT_SYM_DEF_OBJECT aes_128_cfb() {
  TPMT_SYM_DEF_OBJECT symmetric{};
  symmetric.algorithm = TPM2_ALG_AES;
  symmetric.keyBits.aes = 128;
  symmetric.mode.aes = TPM2_ALG_CFB;
  return symmetric;
}

TPM2B_PUBLIC ecc(TPMA_OBJECT attributes, TPMI_ECC_CURVE curve, TPMI_ALG_HASH name_algorithm) {
  TPM2B_PUBLIC made{};
  TPMT_PUBLIC& area = made.publicArea;
  area.type = TPM2_ALG_ECC;
  area.nameAlg = name_algorithm;
  area.objectAttributes = attributes;
  area.parameters.eccDetail.symmetric.algorithm = TPM2_ALG_NULL;
  area.parameters.eccDetail.scheme.scheme = TPM2_ALG_NULL;
  area.parameters.eccDetail.curveID = curve;
  area.parameters.eccDetail.kdf.scheme = TPM2_ALG_NULL;
  return made;
}

TPM2B_PUBLIC p256_storage(TPMA_OBJECT attributes) {
  TPM2B_PUBLIC made = ecc(kFixed | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT | attributes,
                          TPM2_ECC_NIST_P256, TPM2_ALG_SHA256);
  made.publicArea.parameters.eccDetail.symmetric = aes_128_cfb();
  // The TCG templates hold zeros here, which go into the derivation of the key.
  made.publicArea.unique.ecc.x.size = 32;
  made.publicArea.unique.ecc.y.size = 32;
  return made;
}

TPM2B_PUBLIC rsa_2048(TPMA_OBJECT attributes) {
  TPM2B_PUBLIC made{};
  TPMT_PUBLIC& area = made.publicArea;
  area.type = TPM2_ALG_RSA;
  area.nameAlg = TPM2_ALG_SHA256;
  area.objectAttributes = attributes;
  area.parameters.rsaDetail.symmetric.algorithm = TPM2_ALG_NULL;
  area.parameters.rsaDetail.scheme.scheme = TPM2_ALG_NULL;
  area.parameters.rsaDetail.keyBits = 2048;
  area.parameters.rsaDetail.exponent = 0;  // the default, 65537
  return made;
}

TPM2B_PUBLIC rsa_2048_storage(TPMA_OBJECT attributes) {
  TPM2B_PUBLIC made = rsa_2048(kFixed | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT | attributes);
  made.publicArea.parameters.rsaDetail.symmetric = aes_128_cfb();
  made.publicArea.unique.rsa.size = 256;
  return made;
}

constexpr TPMA_OBJECT kSigning =
    kFixed | TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA | TPMA_OBJECT_SIGN_ENCRYPT;

TPM2B_PUBLIC ecdsa(TPMA_OBJECT attributes, TPMI_ECC_CURVE curve, TPMI_ALG_HASH hash) {
  TPM2B_PUBLIC made = ecc(attributes, curve, hash);
  TPMT_ECC_SCHEME& scheme = made.publicArea.parameters.eccDetail.scheme;
  scheme.scheme = TPM2_ALG_ECDSA;
  scheme.details.ecdsa.hashAlg = hash;
  return made;
}

TPM2B_PUBLIC rsassa(TPMA_OBJECT attributes) {
  TPM2B_PUBLIC made = rsa_2048(attributes);
  TPMT_RSA_SCHEME& scheme = made.publicArea.parameters.rsaDetail.scheme;
  scheme.scheme = TPM2_ALG_RSASSA;
  scheme.details.rsassa.hashAlg = TPM2_ALG_SHA256;
  return made;
}

}  // namespace

TPM2B_PUBLIC endorsement_template(EndorsementKind kind) {
  TPM2B_PUBLIC made = kind == EndorsementKind::rsa_2048
                          ? rsa_2048_storage(TPMA_OBJECT_ADMINWITHPOLICY)
                          : p256_storage(TPMA_OBJECT_ADMINWITHPOLICY);
  made.publicArea.authPolicy.size = kEndorsementPolicy.size();
  std::ranges::copy(kEndorsementPolicy, made.publicArea.authPolicy.buffer);
  return made;
}

TPM2B_PUBLIC storage_root_template() {
  return p256_storage(TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA);
}

TPM2B_PUBLIC attestation_template(AttestationKeyKind kind) {
  constexpr TPMA_OBJECT kRestricted = kSigning | TPMA_OBJECT_RESTRICTED;
  if (kind == AttestationKeyKind::rsa_2048) return rsassa(kRestricted);
  if (kind == AttestationKeyKind::ecdsa_p384)
    return ecdsa(kRestricted, TPM2_ECC_NIST_P384, TPM2_ALG_SHA384);
  return ecdsa(kRestricted, TPM2_ECC_NIST_P256, TPM2_ALG_SHA256);
}

TPM2B_PUBLIC device_template() {
  return ecdsa(kSigning, TPM2_ECC_NIST_P256, TPM2_ALG_SHA256);
}

}  // namespace vedette::platform::esys
