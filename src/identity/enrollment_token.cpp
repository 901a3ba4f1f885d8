#include "identity/enrollment_token.h"

#include "codec/base64.h"

namespace vedette::identity {
namespace {

constexpr std::string_view kPrefix = "vedette-enrol-";  // so that scanners for secrets find it
constexpr std::size_t kOctets = 32;

bool is_for(const EnrollmentToken& token, const EnrollmentClaim& claim) {
  if (token.endorsement_sha256) return *token.endorsement_sha256 == claim.endorsement_sha256;
  return !token.certificate_serial.empty() && claim.certificate_serial == token.certificate_serial;
}

}  // namespace

MadeToken make_enrollment_token() {
  const SecretBytes octets(crypto::random_bytes(kOctets));
  const std::string text = std::string(kPrefix) + codec::to_base64url(octets.expose());
  return {SecretBytes(to_bytes(text)), crypto::sha256(octets.expose())};
}

Result<crypto::Sha256Digest> enrollment_token_sha256(std::string_view text) {
  const auto malformed = [] {
    return refuse("ENR-TOKEN-SYNTAX", "the enrolment token is malformed", {},
                  "copy the whole line that 'vedette device token' printed");
  };
  if (!text.starts_with(kPrefix)) return malformed();
  const auto octets = codec::from_base64url(text.substr(kPrefix.size()));
  if (!octets || octets->size() != kOctets) return malformed();
  return crypto::sha256(*octets);
}

Result<void> check_enrollment_token(const std::optional<EnrollmentToken>& token,
                                    const EnrollmentClaim& claim, TimePoint now) {
  constexpr const char* kHint = "have an operator make one: 'vedette device token'";
  if (!token) return refuse("ENR-TOKEN-UNKNOWN", "there is no such enrolment token", {}, kHint);
  if (!is_for(*token, claim))
    return refuse("ENR-TOKEN-EK", "the enrolment token was made for another TPM",
                  to_hex(claim.endorsement_sha256), kHint);
  if (token->group != claim.group)
    return refuse(
        "ENR-TOKEN-GROUP", "the enrolment token was made for another group",
        "it is for " + token->group.str() + ", the device comes into " + claim.group.str(), kHint);
  if (now >= token->expires_at)
    return refuse("ENR-TOKEN-EXPIRED", "the enrolment token has expired",
                  to_rfc3339(token->expires_at), kHint);
  if (token->used) return refuse("ENR-TOKEN-USED", "the enrolment token has been used", {}, kHint);
  return {};
}

}  // namespace vedette::identity
