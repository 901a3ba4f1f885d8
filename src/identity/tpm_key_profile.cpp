#include "identity/tpm_key_profile.h"

#include <span>
#include <string>

#include "crypto/tpm.h"

namespace vedette::identity {
namespace {

using codec::TpmAlgorithm;
using codec::TpmObjectAttributes;
using codec::TpmPublic;
using crypto::PublicKey;

struct AttributeRule {
  const char* name;
  bool (TpmObjectAttributes::*read)() const;
  bool wanted;
};

// TPM 2.0 Part 2, 8.3. A key outside of these lines could have been made, copied or used elsewhere
// than in the TPM that vouches for it.
constexpr AttributeRule kEndorsementRules[] = {
    {"fixedTPM", &TpmObjectAttributes::fixed_tpm, true},
    {"fixedParent", &TpmObjectAttributes::fixed_parent, true},
    {"sensitiveDataOrigin", &TpmObjectAttributes::sensitive_data_origin, true},
    {"restricted", &TpmObjectAttributes::restricted, true},
    {"decrypt", &TpmObjectAttributes::decrypt, true},
    {"sign", &TpmObjectAttributes::sign, false},
};
constexpr AttributeRule kAttestationRules[] = {
    {"fixedTPM", &TpmObjectAttributes::fixed_tpm, true},
    {"fixedParent", &TpmObjectAttributes::fixed_parent, true},
    {"sensitiveDataOrigin", &TpmObjectAttributes::sensitive_data_origin, true},
    {"restricted", &TpmObjectAttributes::restricted, true},
    {"sign", &TpmObjectAttributes::sign, true},
    {"decrypt", &TpmObjectAttributes::decrypt, false},
};
constexpr AttributeRule kDeviceRules[] = {
    {"fixedTPM", &TpmObjectAttributes::fixed_tpm, true},
    {"fixedParent", &TpmObjectAttributes::fixed_parent, true},
    {"sensitiveDataOrigin", &TpmObjectAttributes::sensitive_data_origin, true},
    {"restricted", &TpmObjectAttributes::restricted, false},
    {"sign", &TpmObjectAttributes::sign, true},
    {"decrypt", &TpmObjectAttributes::decrypt, false},
};

// The breaches in words, `restricted is not set, decrypt is set`; empty when there is none.
std::string breaches(TpmObjectAttributes attributes, std::span<const AttributeRule> rules) {
  std::string text;
  for (const AttributeRule& rule : rules) {
    if ((attributes.*rule.read)() == rule.wanted) continue;
    if (!text.empty()) text += ", ";
    text += std::string(rule.name) + (rule.wanted ? " is not set" : " is set");
  }
  return text;
}

bool is_on(const TpmPublic& key, codec::TpmCurve curve) {
  const auto* point = std::get_if<codec::TpmEccPoint>(&key.unique);
  return point != nullptr && point->curve == curve;
}

bool is_p256(const TpmPublic& key) {
  return is_on(key, codec::TpmCurve::p256);
}

bool is_rsa_2048(const TpmPublic& key) {
  constexpr std::size_t kOctets = 256;
  const auto* rsa = std::get_if<codec::TpmRsaModulus>(&key.unique);
  return rsa != nullptr && rsa->modulus.size() == kOctets;
}

// Kinds of key of the TCG's "TPM 2.0 Keys for Device Identity and Attestation" (H-1 to H-3): a
// curve signs by its own hash. RSAPSS is as good as RSASSA.
bool signs_quotes(const TpmPublic& key) {
  const bool by_sha256 = key.scheme_hash == TpmAlgorithm::sha256;
  if (is_rsa_2048(key))
    return by_sha256 && (key.scheme == TpmAlgorithm::rsassa || key.scheme == TpmAlgorithm::rsapss);
  if (key.scheme != TpmAlgorithm::ecdsa) return false;
  if (is_on(key, codec::TpmCurve::p384)) return key.scheme_hash == TpmAlgorithm::sha384;
  return is_p256(key) && by_sha256;
}

}  // namespace

Result<PublicKey> check_endorsement_key(const TpmPublic& key) {
  if (auto found = breaches(key.attributes, kEndorsementRules); !found.empty())
    return refuse("ENR-EK-ATTRIBUTES", "the endorsement key is not one that only its TPM can use",
                  std::move(found));
  if (!is_p256(key) && !is_rsa_2048(key))
    return refuse("ENR-EK-KEY", "the endorsement key is neither RSA-2048 nor P-256");
  auto public_key = crypto::public_key_of(key);
  if (!public_key)
    return refuse("ENR-EK-KEY", "the endorsement key is not a sound key",
                  describe(public_key.error()));
  return *std::move(public_key);
}

Result<PublicKey> check_attestation_key(const TpmPublic& key) {
  if (auto found = breaches(key.attributes, kAttestationRules); !found.empty())
    return refuse("ENR-AK-ATTRIBUTES",
                  "the attestation key could sign what its TPM did not make, or live elsewhere",
                  std::move(found));
  if (!signs_quotes(key) || key.name_algorithm != key.scheme_hash)
    return refuse("ENR-AK-SCHEME", "the attestation key is of no kind that quotes are taken from",
                  {},
                  "ECDSA on P-256 with SHA-256, on P-384 with SHA-384, or RSA-2048 with "
                  "SHA-256; named by the same hash");
  auto public_key = crypto::public_key_of(key);
  if (!public_key)
    return refuse("ENR-AK-SCHEME", "the attestation key is not a sound key",
                  describe(public_key.error()));
  return *std::move(public_key);
}

Result<PublicKey> check_device_key(const TpmPublic& key) {
  if (auto found = breaches(key.attributes, kDeviceRules); !found.empty())
    return refuse("ENR-KEY-ATTRIBUTES",
                  "the device key is not one that signs TLS handshakes inside its TPM alone",
                  std::move(found));
  if (!is_p256(key) || key.name_algorithm != TpmAlgorithm::sha256)
    return refuse("ENR-KEY-KIND", "the device key must be a P-256 key with a SHA-256 name");
  auto public_key = crypto::public_key_of(key);
  if (!public_key)
    return refuse("ENR-KEY-KIND", "the device key is not a sound key",
                  describe(public_key.error()));
  return *std::move(public_key);
}

}  // namespace vedette::identity
