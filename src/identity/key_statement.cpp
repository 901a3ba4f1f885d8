#include "identity/key_statement.h"

#include <string>
#include <string_view>

#include "identity/key_certification.h"
#include "identity/tpm_key_profile.h"

namespace vedette::identity {
namespace {

using crypto::PublicKey;
using crypto::Sha256Digest;

Sha256Digest binding(std::string_view label, ByteView freshness, const Sha256Digest& key_sha256) {
  Bytes message = to_bytes(label);
  message.push_back(0);
  append(message, freshness);
  append(message, key_sha256);
  return crypto::sha256(message);
}

Result<void> check_kind(KeyKind kind, const KeyKinds& allowed) {
  if (kind == KeyKind::tpm)
    return refuse("ENR-QUOTE-KIND", "a quote does not show that a key lives in the TPM", {},
                  "certify the key by TPM2_Certify, or say where it lives");
  if (!allowed.has(kind))
    return refuse("ENR-KEY-PLACE", "this device's key must live in its TPM",
                  "it says that it lives elsewhere: " + std::string(to_string(kind)),
                  "if that is meant, allow it: 'vedette device allow ... --key " +
                      std::string(to_string(kind)) + "'");
  return {};
}

Result<PublicKey> read_outside_key(ByteView der) {
  auto key = PublicKey::from_spki_der(der);
  if (!key)
    return refuse("ENR-KEY-KIND", "the device key is not a sound key", describe(key.error()));
  if (key->type() != crypto::KeyType::ec_p256)
    return refuse("ENR-KEY-KIND", "the device key must be a P-256 key");
  return key;
}

Result<StatedKey> verify(const CertifiedKey& certified, const StatementExpectation& expected) {
  VEDETTE_TRY(PublicKey key, check_device_key(certified.key));
  const Sha256Digest sha256 = key.spki_sha256();
  VEDETTE_CHECK(verify_certification(expected.attestation_key, certified.key, certified.attest,
                                     certified.signature,
                                     enrollment_binding(expected.freshness, sha256)));
  return StatedKey{std::move(key), sha256, KeyKind::tpm, std::nullopt};
}

Result<StatedKey> verify(const QuotedKey& quoted, const StatementExpectation& expected) {
  VEDETTE_CHECK(check_kind(quoted.kind, expected.allowed));
  VEDETTE_TRY(PublicKey key, read_outside_key(quoted.public_key));
  const Sha256Digest sha256 = key.spki_sha256();
  VEDETTE_TRY(const codec::TpmClockInfo clock,
              verify_key_quote(expected.attestation_key, quoted.attest, quoted.signature,
                               outside_key_binding(expected.freshness, sha256)));
  return StatedKey{std::move(key), sha256, quoted.kind,
                   TpmBoot{clock.reset_count, clock.restart_count}};
}

}  // namespace

Sha256Digest enrollment_binding(ByteView freshness, const Sha256Digest& key_sha256) {
  return binding("vedette enrollment v1", freshness, key_sha256);
}

Sha256Digest outside_key_binding(ByteView freshness, const Sha256Digest& key_sha256) {
  return binding("vedette outside key v1", freshness, key_sha256);
}

Result<StatedKey> verify_key_statement(const KeyStatement& statement,
                                       const StatementExpectation& expected) {
  return std::visit([&](const auto& form) { return verify(form, expected); }, statement);
}

}  // namespace vedette::identity
