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

// A TPM's statement under its name.
struct Signed {
  Bytes attest;
  Bytes signature;
};

Result<Signed> read_signed(const Json& body, std::string_view member) {
  const auto object = body.object(member);
  if (!object) return refuse_syntax(member, object.error());
  VEDETTE_CHECK(check_members(**object, member, {"attest", "signature"}));
  Signed read;
  VEDETTE_TRY(read.attest, read_octets(**object, "attest"));
  VEDETTE_TRY(read.signature, read_octets(**object, "signature"));
  return read;
}

Result<KeyStatement> read_certified(const Json& body) {
  VEDETTE_TRY(codec::TpmPublic key, read_key(body, "device_key"));
  VEDETTE_TRY(Signed proof, read_signed(body, "certification"));
  return CertifiedKey{std::move(key), std::move(proof.attest), std::move(proof.signature)};
}

Result<KeyStatement> read_quoted(const Json& body, const Json& key) {
  VEDETTE_CHECK(check_members(key, "device_key", {"kind", "public_key"}));
  const auto word = key.string("kind");
  if (!word) return refuse_syntax("kind", word.error());
  const auto kind = key_kind_named(*word);
  if (!kind) return refuse_syntax("kind", Error{"ENR-SYNTAX", "no such kind of key", "", ""});
  VEDETTE_TRY(Bytes public_key, read_octets(key, "public_key"));
  VEDETTE_TRY(Signed proof, read_signed(body, "quote"));
  return QuotedKey{*kind, std::move(public_key), std::move(proof.attest),
                   std::move(proof.signature)};
}

// A key of the TPM is a TPM2B_PUBLIC with its certification; one that lives elsewhere says where,
// and comes with a quote.
Result<KeyStatement> read_statement(const Json& body) {
  const Json* const key = body.find("device_key");
  const bool is_outside = key != nullptr && key->is_object();
  const std::string_view other = is_outside ? "certification" : "quote";
  if (body.find(other) != nullptr)
    return refuse_syntax(other, Error{"ENR-SYNTAX", "not for a device key of this form", "", ""});
  return is_outside ? read_quoted(body, *key) : read_certified(body);
}

}  // namespace

Result<EnrollmentRequest> parse_enrollment_request(const Json& body) {
  VEDETTE_CHECK(check_members(body, "request",
                              {"endorsement_key", "endorsement_certificate", "attestation_key",
                               "device_key", "certification", "quote", "token"}));

  EnrollmentRequest request;
  VEDETTE_TRY(request.endorsement_key, read_key(body, "endorsement_key"));
  VEDETTE_TRY(request.endorsement_certificate, read_certificate(body));
  VEDETTE_TRY(request.attestation_key, read_key(body, "attestation_key"));
  VEDETTE_TRY(request.device_key, read_statement(body));
  VEDETTE_TRY(request.token_sha256, read_token(body));
  return request;
}

}  // namespace vedette::identity
