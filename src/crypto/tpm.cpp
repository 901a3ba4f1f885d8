#include "crypto/tpm.h"

#include <algorithm>

#include "crypto/key_values.h"

namespace vedette::crypto {
namespace {

using codec::TpmAlgorithm;

std::string hex_id(TpmAlgorithm algorithm) {
  const auto id = static_cast<std::uint16_t>(algorithm);
  const Bytes octets{static_cast<std::uint8_t>(id >> 8U), static_cast<std::uint8_t>(id & 0xFFU)};
  return "0x" + to_hex(octets);
}

std::unexpected<Error> wrong_scheme(std::string cause) {
  return refuse("TPM-SIGNATURE-SCHEME", "the signature is not made by the key's own fixed scheme",
                std::move(cause), "use a restricted key with RSASSA, RSAPSS or ECDSA and SHA-256");
}

std::string pair_text(TpmAlgorithm scheme, TpmAlgorithm hash) {
  return "scheme " + hex_id(scheme) + " with hash " + hex_id(hash);
}

Result<Hash> check_scheme(const codec::TpmPublic& signer, const codec::TpmSignature& signature) {
  if (signer.scheme == TpmAlgorithm::null) return wrong_scheme("the key is fixed to no scheme");
  if (signature.algorithm != signer.scheme || signature.hash != signer.scheme_hash)
    return wrong_scheme(pair_text(signature.algorithm, signature.hash) + " instead of " +
                        pair_text(signer.scheme, signer.scheme_hash));
  const auto hash = tpm_hash(signature.hash);
  if (!hash.has_value()) return wrong_scheme("hash " + hex_id(signature.hash));
  return *hash;
}

// r and s side by side, each as wide as the field.
Result<Bytes> to_raw(const codec::TpmEcdsaSignature& signature, std::size_t width) {
  Bytes raw(2 * width);
  auto half_end = raw.begin() + static_cast<std::ptrdiff_t>(width);
  for (const Bytes* value : {&signature.r, &signature.s}) {
    if (value->size() > width)
      return refuse("SIG-INVALID", "the signature is malformed", "a value wider than the field");
    std::ranges::copy_backward(*value, half_end);
    half_end = raw.end();
  }
  return raw;
}

Result<void> verify_ecdsa(const PublicKey& key, Hash hash, ByteView attest,
                          const codec::TpmSignature& signature) {
  const auto* const value = std::get_if<codec::TpmEcdsaSignature>(&signature.value);
  const std::size_t width = field_bytes(key.type());
  if (value == nullptr || width == 0) return wrong_scheme("an ECDSA signature by another key type");
  VEDETTE_TRY(const Bytes raw, to_raw(*value, width));
  VEDETTE_TRY(const Bytes der, ecdsa_raw_to_der(raw));
  return key.verify(hash, attest, der);
}

Result<ByteView> rsa_block(const PublicKey& key, const codec::TpmSignature& signature) {
  const auto* const value = std::get_if<codec::TpmRsaSignature>(&signature.value);
  if (value == nullptr || key.type() != KeyType::rsa)
    return wrong_scheme("an RSA signature by another key type");
  return ByteView(value->signature);
}

}  // namespace

std::optional<Hash> tpm_hash(TpmAlgorithm algorithm) {
  if (algorithm == TpmAlgorithm::sha256) return Hash::sha256;
  if (algorithm == TpmAlgorithm::sha384) return Hash::sha384;
  if (algorithm == TpmAlgorithm::sha512) return Hash::sha512;
  return std::nullopt;
}

Result<PublicKey> public_key_of(const codec::TpmPublic& tpm_public) {
  if (const auto* const rsa = std::get_if<codec::TpmRsaModulus>(&tpm_public.unique); rsa != nullptr)
    return PublicKey::from_rsa(rsa->modulus, rsa->exponent);
  const auto& point = std::get<codec::TpmEccPoint>(tpm_public.unique);
  switch (point.curve) {
    case codec::TpmCurve::p256:
      return PublicKey::from_ec_point(KeyType::ec_p256, point.x, point.y);
    case codec::TpmCurve::p384:
      return PublicKey::from_ec_point(KeyType::ec_p384, point.x, point.y);
    case codec::TpmCurve::p521:
      return PublicKey::from_ec_point(KeyType::ec_p521, point.x, point.y);
  }
  return refuse("KEY-WEAK", "the TPM's key is on a curve that is not accepted");
}

Result<Bytes> tpm_name(const codec::TpmPublic& tpm_public) {
  const auto hash = tpm_hash(tpm_public.name_algorithm);
  if (!hash.has_value())
    return refuse("TPM-HASH", "the TPM's key is named by a hash that is not accepted",
                  hex_id(tpm_public.name_algorithm), "make the key with SHA-256 as name algorithm");
  const auto id = static_cast<std::uint16_t>(tpm_public.name_algorithm);
  Bytes name{static_cast<std::uint8_t>(id >> 8U), static_cast<std::uint8_t>(id & 0xFFU)};
  append(name, digest(*hash, tpm_public.encoded));
  return name;
}

Result<void> verify_tpm_signature(const codec::TpmPublic& signer, ByteView attest,
                                  const codec::TpmSignature& signature) {
  VEDETTE_TRY(const Hash hash, check_scheme(signer, signature));
  VEDETTE_TRY(const PublicKey key, public_key_of(signer));
  if (signature.algorithm == TpmAlgorithm::ecdsa) return verify_ecdsa(key, hash, attest, signature);
  VEDETTE_TRY(const ByteView block, rsa_block(key, signature));
  if (signature.algorithm == TpmAlgorithm::rsassa) return key.verify(hash, attest, block);
  if (signature.algorithm == TpmAlgorithm::rsapss)
    return verify_pss_any_salt(key, hash, attest, block);
  return wrong_scheme("scheme " + hex_id(signature.algorithm));
}

}  // namespace vedette::crypto
