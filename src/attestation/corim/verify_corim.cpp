#include <algorithm>

#include "attestation/corim/fields.h"
#include "crypto/cose.h"

namespace vedette::attestation::corim {
namespace {

using codec::Cbor;

constexpr std::size_t kMaxSigners = 64;
constexpr std::int64_t kCwtIssuer = 1;
constexpr std::int64_t kCwtExpiry = 4;
constexpr std::int64_t kCwtNotBefore = 5;

std::unexpected<Error> no_signer(std::string cause) {
  return refuse("CORIM-SIGNER", "the manifest does not say who signed it", std::move(cause));
}

std::unexpected<Error> wrong_type(std::string cause) {
  return refuse("CORIM-TYPE", "the signed content is no reference integrity manifest",
                std::move(cause));
}

Result<void> check_validity(const std::optional<Validity>& validity, TimePoint now,
                            std::string_view what) {
  if (!validity.has_value()) return {};
  const auto refusal = [&](std::string_view verb, TimePoint bound) {
    return refuse(
        "CORIM-VALIDITY", "the manifest is not valid now",
        std::string(what) + std::string(verb) + to_rfc3339(bound) + ", now is " + to_rfc3339(now),
        "get a manifest that is valid");
  };
  if (validity->not_before.has_value() && now < *validity->not_before)
    return refusal(" begins at ", *validity->not_before);
  if (now > validity->not_after) return refusal(" ended at ", validity->not_after);
  return {};
}

struct Opened {
  crypto::VerifiedCose message;
  crypto::PublicKey key;
};

// Every trusted key is tried: kid is only a hint, and the list is short.
Result<Opened> open(ByteView bytes, std::span<const crypto::PublicKey> trusted) {
  const auto refusal = [](std::string cause) {
    return refuse("CORIM-SIGNATURE", "no trusted signer signed this manifest", std::move(cause),
                  "add the signer's key to the trusted ones if you trust it");
  };
  if (trusted.empty() || trusted.size() > kMaxSigners)
    return refusal("there must be 1 to 64 trusted signers");
  const crypto::CoseSign1Options options{.understood = {kMetaLabel, kCwtClaimsLabel}};
  std::string cause;
  for (const crypto::PublicKey& key : trusted) {
    auto message = crypto::verify_cose_sign1(bytes, key, options);
    if (message.has_value()) return Opened{.message = *std::move(message), .key = key};
    cause = describe(message.error());
  }
  return refusal(std::move(cause));
}

Result<void> check_type(const crypto::CoseHeader& header) {
  // draft-ietf-cose-hash-envelope: the payload would be a digest of the manifest.
  for (const std::int64_t label : {258, 259, 260})
    if (header.find(label) != nullptr) return wrong_type("a hash envelope");
  if (header.content_type != crypto::CoseContentType(std::string(kContentType)))
    return wrong_type("its content type is not application/rim+cbor");
  return {};
}

// CWT claims (RFC 9597): unknown claims are ignored, as RFC 8392 has it; a floating time is not.
Result<Signer> read_claims(const Cbor& claims) {
  const Cbor* const issuer = claims.find(kCwtIssuer);
  if (issuer == nullptr || issuer->if_text() == nullptr || issuer->if_text()->empty())
    return no_signer("no issuer in the claims");
  Signer result;
  result.name = *issuer->if_text();
  const Cbor* const expiry = claims.find(kCwtExpiry);
  const Cbor* const start = claims.find(kCwtNotBefore);
  if (expiry == nullptr && start == nullptr) return result;
  Validity validity{.not_after = TimePoint::max()};
  if (expiry != nullptr) {
    VEDETTE_TRY(validity.not_after, time_of_seconds(*expiry, "exp"));
  }
  if (start != nullptr) {
    VEDETTE_TRY(validity.not_before, time_of_seconds(*start, "nbf"));
  }
  result.validity = validity;
  return result;
}

// Where both say it, both bind: the names agree and each validity is checked; none without a time.
Result<Signer> read_signer(const crypto::CoseHeader& header, std::optional<TimePoint> now) {
  const Cbor* const meta = header.find(kMetaLabel);
  const Cbor* const claims = header.find(kCwtClaimsLabel);
  if (meta == nullptr && claims == nullptr) return no_signer("neither corim-meta nor CWT claims");
  std::optional<Signer> result;
  if (claims != nullptr) {
    VEDETTE_TRY(result, read_claims(*claims));
    if (now) VEDETTE_CHECK(check_validity(result->validity, *now, "the signature"));
  }
  if (meta == nullptr) return *result;
  VEDETTE_TRY(const Bytes encoded, bytes_of(*meta, "corim-meta"));
  VEDETTE_TRY(Signer signer, read_meta(encoded));
  if (now) VEDETTE_CHECK(check_validity(signer.validity, *now, "the signature"));
  if (signer.name.empty() || (result.has_value() && result->name != signer.name))
    return no_signer("an empty name, or another in the CWT claims");
  return signer;
}

Result<void> check_profile(const std::optional<Profile>& profile,
                           const std::vector<Profile>& understood) {
  if (!profile.has_value() || std::ranges::find(understood, *profile) != understood.end())
    return {};
  if (const auto* uri = std::get_if<std::string>(&*profile); uri != nullptr)
    return unknown("profile '" + uri->substr(0, 200) + "'");
  return unknown("profile with OID (hex) " + to_hex(std::get<Oid>(*profile).encoded));
}

bool is_unsigned(ByteView bytes) {
  constexpr std::uint8_t kTag501[] = {0xD9, 0x01, 0xF5};
  return bytes.size() >= 3 && equal(bytes.first(3), kTag501);
}

Result<Corim> read_signed(ByteView bytes, const CorimExpectation& expected) {
  VEDETTE_TRY(const Opened opened, open(bytes, expected.trusted_signers));
  VEDETTE_CHECK(check_type(opened.message->header));
  VEDETTE_TRY(Signer signer, read_signer(opened.message->header, expected.now));
  VEDETTE_TRY(Corim corim, read_manifest(opened.message->payload));
  corim.signer = std::move(signer);
  corim.key = opened.key;
  return corim;
}

Result<Corim> read_unsigned(ByteView bytes, const CorimExpectation& expected) {
  if (!expected.insecure_accept_unsigned)
    return refuse("CORIM-UNSIGNED", "the manifest is not signed", "tag 501 without COSE_Sign1",
                  "sign it, or ask for a signed one");
  return read_manifest(bytes);
}

}  // namespace

Result<Verified<Corim>> verify_corim(ByteView bytes, const CorimExpectation& expected) {
  VEDETTE_TRY(Corim corim,
              is_unsigned(bytes) ? read_unsigned(bytes, expected) : read_signed(bytes, expected));
  VEDETTE_CHECK(check_validity(corim.validity, expected.now, "the manifest"));
  VEDETTE_CHECK(check_profile(corim.profile, expected.understood_profiles));
  return Verified<Corim>(Corim::VerificationKey(), std::move(corim));
}

Result<Corim> read_unverified_corim(ByteView bytes) {
  if (is_unsigned(bytes)) return read_manifest(bytes);
  const auto message = crypto::read_unverified_cose_sign1(bytes);
  if (!message.has_value()) return malformed(describe(message.error()));
  VEDETTE_CHECK(check_type(message->header));
  VEDETTE_TRY(Signer signer, read_signer(message->header, std::nullopt));
  VEDETTE_TRY(Corim corim, read_manifest(message->payload));
  corim.signer = std::move(signer);
  return corim;
}

}  // namespace vedette::attestation::corim
