#include <algorithm>
#include <limits>

#include "attestation/ear.h"
#include "base/secret.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "crypto/jws.h"

namespace vedette::attestation {
namespace {

using codec::Json;

// How the two forms call the same claims. The older one says its status per submodule alone.
struct EarNames {
  const char* profile;
  const char* status;
  const char* vector;
  bool overall_status;
};
constexpr EarNames kNames[] = {
    {kEarProfile, "ear_status", "ear_trustworthiness_vector", true},
    {kOldEarProfile, "ear.status", "ear.trustworthiness-vector", false},
};

std::unexpected<Error> refuse_syntax(const Error& why) {
  return refuse("EAR-SYNTAX", "the attestation token lacks a claim or has a malformed one",
                describe(why));
}

Result<std::string> text(const Json& json, std::string_view name) {
  auto value = json.string(name);
  if (!value) return refuse_syntax(value.error());
  return *std::move(value);
}

// A floating iat or exp is refused (EAR, 3): Json tells 1e9 from 1000000000.
Result<std::int64_t> seconds(const Json& json, std::string_view name) {
  constexpr std::int64_t kLastYear9999 = 253'402'300'799;
  const auto value = json.integer(name);
  if (!value) return refuse_syntax(value.error());
  if (*value < 0 || *value > kLastYear9999)
    return refuse("EAR-SYNTAX", "the attestation token names an impossible time",
                  std::string(name) + " " + std::to_string(*value));
  return *value;
}

Result<const Json*> object(const Json& json, std::string_view name) {
  auto value = json.object(name);
  if (!value) return refuse_syntax(value.error());
  return *value;
}

Result<void> check_text(const Json& json, std::string_view name, const std::string& expected,
                        std::string_view code, std::string_view message) {
  VEDETTE_TRY(const std::string value, text(json, name));
  if (value != expected)
    return refuse(code, std::string(message), value.substr(0, 200) + " instead of " + expected);
  return {};
}

// RFC 8705, 3.1.
Result<void> check_binding(const Json& json, const crypto::Sha256Digest& fingerprint) {
  VEDETTE_TRY(const Json* const confirmation, object(json, "cnf"));
  VEDETTE_TRY(const std::string thumbprint, text(*confirmation, "x5t#S256"));
  const auto octets = codec::from_base64url(thumbprint);
  if (!octets) return refuse_syntax(octets.error());
  if (!equal_constant_time(*octets, fingerprint))
    return refuse("EAR-BINDING", "the attestation token belongs to another certificate",
                  "bound to " + to_hex(*octets).substr(0, 64),
                  "attest again after a certificate is renewed");
  return {};
}

struct Validity {
  TimePoint issued_at;
  TimePoint expires_at;
};

Result<Validity> check_time(const Json& json, TimePoint now) {
  VEDETTE_TRY(const std::int64_t issued, seconds(json, "iat"));
  VEDETTE_TRY(const std::int64_t expires, seconds(json, "exp"));
  const Validity validity{from_unix_seconds(issued), from_unix_seconds(expires)};
  if (validity.issued_at > now + kEarClockSkew)
    return refuse("EAR-NOT-YET-VALID", "the attestation token is from the future",
                  "issued at " + to_rfc3339(validity.issued_at) + ", now " + to_rfc3339(now),
                  "check the clocks of both machines");
  if (expires <= issued || validity.expires_at - validity.issued_at > kMaxEarLifetime)
    return refuse("EAR-LIFETIME", "the attestation token lives longer than any may",
                  std::to_string(expires - issued) + " s");
  if (now >= validity.expires_at)
    return refuse("EAR-EXPIRED", "the attestation token has expired",
                  "at " + to_rfc3339(validity.expires_at) + ", now " + to_rfc3339(now),
                  "attest again");
  return validity;
}

Result<TrustTier> status_of(const Json& json, const EarNames& names) {
  VEDETTE_TRY(const std::string label, text(json, names.status));
  const auto tier = trust_tier(label);
  if (!tier)
    return refuse("EAR-SYNTAX", "the attestation token has an unknown status", label.substr(0, 80));
  return *tier;
}

Result<TrustVector> vector_of(const Json& submodule, const EarNames& names) {
  VEDETTE_TRY(const Json* const json, object(submodule, names.vector));
  TrustVector vector;
  std::size_t known = 0;
  for (std::size_t i = 0; i < kTrustClaims; ++i) {
    const auto claim = static_cast<TrustClaim>(i);
    const Json* const member = json->find(to_string(claim));
    if (member == nullptr) continue;
    const std::int64_t* const value = member->if_integer();
    if (value == nullptr || *value < std::numeric_limits<std::int8_t>::min() ||
        *value > std::numeric_limits<std::int8_t>::max())
      return refuse("EAR-SYNTAX", "the attestation token has a malformed trust vector",
                    std::string(to_string(claim)));
    vector.set(claim, static_cast<std::int8_t>(*value));
    ++known;
  }
  // A claim that we do not know could be the bad one.
  if (known != json->if_object()->size())
    return refuse("EAR-SYNTAX", "the attestation token's trust vector has an unknown claim");
  return vector;
}

Result<const EarNames*> names_of(const Json& json) {
  VEDETTE_TRY(const std::string profile, text(json, "eat_profile"));
  for (const EarNames& names : kNames)
    if (profile == names.profile) return &names;
  return refuse("EAR-PROFILE", "the attestation token is of another profile",
                profile.substr(0, 200) + " instead of " + kEarProfile);
}

Result<void> check_status(const Json& json, const EarNames& names) {
  VEDETTE_TRY(const Json* const submodules, object(json, "submods"));
  VEDETTE_TRY(const Json* const device, object(*submodules, "device"));
  VEDETTE_TRY(const TrustTier status, status_of(*device, names));
  TrustTier overall = status;
  if (names.overall_status) {
    VEDETTE_TRY(overall, status_of(json, names));
  }
  VEDETTE_TRY(const TrustVector vector, vector_of(*device, names));
  if (overall != TrustTier::affirming || status != TrustTier::affirming)
    return refuse("EAR-STATUS", "the attestation token does not affirm the device",
                  std::string(to_string(std::max(overall, status))),
                  "find the cause in the answer to the device's last attestation");
  if (vector.worst() != TrustTier::affirming)
    return refuse("EAR-VECTOR", "the attestation token's status is not what its claims support",
                  "worst claim: " + std::string(to_string(vector.worst())));
  return {};
}

Result<GroupId> group_of(const Json& json) {
  VEDETTE_TRY(const std::string name, text(json, "vedette_group"));
  auto group = GroupId::parse(name);
  if (!group) return refuse_syntax(group.error());
  return *std::move(group);
}

Result<Epoch> epoch_of(const Json& json) {
  const auto value = json.integer("vedette_epoch");
  if (!value) return refuse_syntax(value.error());
  if (*value < 0) return refuse("EAR-SYNTAX", "the attestation token has a negative epoch");
  return Epoch{static_cast<std::uint64_t>(*value)};
}

}  // namespace

Result<VerifiedEar> verify_ear(std::string_view jwt, const EarExpectation& expected) {
  VEDETTE_TRY(const std::string payload, crypto::verify_jws(jwt, kEarType, expected.verifier_key));
  const auto json = codec::parse_json(payload);
  if (!json) return refuse_syntax(json.error());
  VEDETTE_TRY(const EarNames* const names, names_of(*json));
  VEDETTE_CHECK(check_text(*json, "iss", expected.issuer, "EAR-ISSUER",
                           "the attestation token is from another verifier"));
  VEDETTE_CHECK(check_text(*json, "sub", expected.subject, "EAR-SUBJECT",
                           "the attestation token is about another device"));
  VEDETTE_CHECK(check_text(*json, "aud", expected.issuer, "EAR-AUDIENCE",
                           "the attestation token is meant for another verifier"));
  VEDETTE_CHECK(check_binding(*json, expected.certificate_fingerprint));
  VEDETTE_TRY(const Validity validity, check_time(*json, expected.now));
  VEDETTE_CHECK(check_status(*json, *names));
  VEDETTE_TRY(GroupId group, group_of(*json));
  VEDETTE_TRY(const Epoch epoch, epoch_of(*json));
  return VerifiedEar(expected.subject, std::move(group), epoch, validity.issued_at,
                     validity.expires_at);
}

}  // namespace vedette::attestation
