// The body of an enrolment, from JSON to TPM structures.
#include "codec/base64.h"
#include "identity/enrollment.h"
#include "identity/enrollment_token.h"

namespace vedette::identity {
namespace {

using codec::Json;

constexpr std::size_t kMaxMemberOctets = 8192;

std::unexpected<Error> refuse_syntax(std::string_view member, const Error& why) {
  return refuse("ENR-SYNTAX", "the enrolment request is malformed",
                std::string(member) + ": " + describe(why));
}

Result<Bytes> read_octets(const Json& object, std::string_view member) {
  const auto text = object.string(member);
  if (!text) return refuse_syntax(member, text.error());
  if (text->size() > kMaxMemberOctets)
    return refuse_syntax(member, Error{"ENR-SYNTAX", "too long", "", ""});
  auto octets = codec::from_base64(*text);
  if (!octets) return refuse_syntax(member, octets.error());
  return *std::move(octets);
}

Result<codec::TpmPublic> read_key(const Json& object, std::string_view member) {
  VEDETTE_TRY(const Bytes octets, read_octets(object, member));
  auto key = codec::parse_tpm2b_public(octets);
  if (!key) return refuse_syntax(member, key.error());
  return *std::move(key);
}

Result<std::optional<Bytes>> read_certificate(const Json& object) {
  constexpr std::string_view kMember = "endorsement_certificate";
  if (object.find(kMember) == nullptr) return std::nullopt;
  VEDETTE_TRY(Bytes der, read_octets(object, kMember));
  return std::optional(std::move(der));
}

Result<std::optional<crypto::Sha256Digest>> read_token(const Json& object) {
  if (object.find("token") == nullptr) return std::nullopt;
  const auto text = object.string("token");
  if (!text) return refuse_syntax("token", text.error());
  VEDETTE_TRY(const auto digest, enrollment_token_sha256(*text));
  return std::optional(digest);
}

Result<void> check_members(const Json& object, std::string_view name,
                           std::initializer_list<std::string_view> members) {
  const auto checked = object.only(members);
  if (!checked) return refuse_syntax(name, checked.error());
  return {};
}

}  // namespace

Result<EnrollmentRequest> parse_enrollment_request(const Json& body) {
  VEDETTE_CHECK(check_members(body, "request",
                              {"endorsement_key", "endorsement_certificate", "attestation_key",
                               "device_key", "certification", "token"}));
  const auto certification = body.object("certification");
  if (!certification) return refuse_syntax("certification", certification.error());
  VEDETTE_CHECK(check_members(**certification, "certification", {"attest", "signature"}));

  EnrollmentRequest request;
  VEDETTE_TRY(request.endorsement_key, read_key(body, "endorsement_key"));
  VEDETTE_TRY(request.endorsement_certificate, read_certificate(body));
  VEDETTE_TRY(request.attestation_key, read_key(body, "attestation_key"));
  VEDETTE_TRY(request.device_key, read_key(body, "device_key"));
  VEDETTE_TRY(request.certification_attest, read_octets(**certification, "attest"));
  VEDETTE_TRY(request.certification_signature, read_octets(**certification, "signature"));
  VEDETTE_TRY(request.token_sha256, read_token(body));
  return request;
}

}  // namespace vedette::identity
