#include "attestation/appraisal.h"
#include "attestation/ear.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "crypto/jws.h"

namespace vedette::attestation {
namespace {

using codec::Json;

// RFC 9711, 4.1: 8 to 64 octets; base64url makes at most 88 characters of them.
constexpr std::size_t kMinNonceOctets = 8;
constexpr std::size_t kMaxNonceOctets = 64;

Result<void> check_claims(const EarClaims& claims) {
  const std::int64_t lifetime =
      to_unix_seconds(claims.expires_at) - to_unix_seconds(claims.issued_at);
  if (lifetime <= 0 || std::chrono::seconds(lifetime) > kMaxEarLifetime)
    return refuse("EAR-LIFETIME", "an attestation token must live up to one hour",
                  std::to_string(lifetime) + " s");
  if (claims.status < claims.vector.worst())
    return refuse("EAR-STATUS", "the status is better than the worst claim",
                  std::string(to_string(claims.status)) + " over " +
                      std::string(to_string(claims.vector.worst())));
  if (claims.nonce.size() < kMinNonceOctets || claims.nonce.size() > kMaxNonceOctets)
    return refuse("EAR-NONCE", "the nonce must have 8 to 64 octets",
                  std::to_string(claims.nonce.size()));
  return {};
}

Json vector_json(const TrustVector& vector) {
  Json json = Json::Object{};
  for (std::size_t i = 0; i < kTrustClaims; ++i) {
    const auto claim = static_cast<TrustClaim>(i);
    // What is left out is no claim (AR4SI, 2.3.4), and so is 0.
    if (vector[claim] != 0) json.set(std::string(to_string(claim)), int{vector[claim]});
  }
  return json;
}

Json submodule(const EarClaims& claims) {
  Json json;
  json.set("ear_status", to_string(claims.status));
  json.set("ear_trustworthiness_vector", vector_json(claims.vector));
  json.set("ear_appraisal_policy_ids", Json::Array{Json(kAppraisalPolicy)});
  json.set("eat_nonce", codec::to_base64url(claims.nonce));
  return json;
}

Json payload(const EarClaims& claims) {
  Json verifier;
  verifier.set("developer", "vedette");
  verifier.set("build", "vedette-server");
  Json confirmation;
  confirmation.set("x5t#S256", codec::to_base64url(claims.certificate_fingerprint));
  Json submodules;
  submodules.set("device", submodule(claims));

  Json json;
  json.set("eat_profile", kEarProfile);
  json.set("iss", claims.issuer);
  json.set("sub", claims.subject);
  json.set("aud", claims.issuer);
  json.set("iat", to_unix_seconds(claims.issued_at));
  json.set("exp", to_unix_seconds(claims.expires_at));
  json.set("cnf", std::move(confirmation));
  json.set("ear_verifier_id", std::move(verifier));
  json.set("ear_status", to_string(claims.status));
  json.set("submods", std::move(submodules));
  json.set("vedette_group", claims.group.str());
  json.set("vedette_epoch", claims.epoch.value);
  if (!claims.device_key.empty()) json.set("vedette_device_key", claims.device_key);
  return json;
}

}  // namespace

Result<std::string> issue_ear(const EarClaims& claims, const crypto::PrivateKey& signer,
                              std::string_view key_id) {
  VEDETTE_CHECK(check_claims(claims));
  return crypto::sign_jws({kEarType, std::string(key_id)}, codec::to_json(payload(claims)), signer);
}

}  // namespace vedette::attestation
