#include "server/manifest_import.h"

#include <algorithm>

#include "attestation/corim/corim.h"
#include "attestation/corim/environment_json.h"
#include "attestation/corim/register_values.h"
#include "codec/base64.h"

namespace vedette::server {

namespace {

namespace corim = attestation::corim;
using attestation::ReferenceValues;
using codec::Json;
using corim::Corim;

// A manifest of 1 MiB in base64, and its environment.
constexpr codec::JsonLimits kLimits{
    .max_bytes = std::size_t{2} << 20U, .max_depth = 4, .max_values = 64};
constexpr std::size_t kMaxTold = 200;  // octets of a name
constexpr std::size_t kMaxToldTags = 8;

Json name_of(const corim::TagId& id) {
  if (const auto* text = std::get_if<std::string>(&id)) return text->substr(0, kMaxTold);
  return to_hex(std::get<corim::Uuid>(id).octets);
}

Json tags_of(const Corim& manifest) {
  Json::Array tags;
  for (const corim::TagIdentity& tag : manifest.tags) {
    if (tags.size() == kMaxToldTags) break;
    tags.emplace_back(Json::Object{{"id", name_of(tag.id)}, {"version", Json(tag.version)}});
  }
  return tags;
}

// Who says it and what it is called; what of it was not asked for is counted.
void tell(Json& told, const Corim& manifest, const corim::Environment& environment) {
  told.set("id", name_of(manifest.id)).set("tags", tags_of(manifest));
  told.set("signer", manifest.signer->name.substr(0, kMaxTold));
  told.set("key_sha256", to_hex(manifest.key->spki_sha256()));
  const auto others = std::ranges::count_if(
      manifest.reference, [&](const auto& triple) { return triple.environment != environment; });
  told.set("triples_for_others", std::int64_t{others});
  told.set("endorsed_triples", std::uint64_t{manifest.endorsed.size()});
}

Result<void> check_quoted(const ReferenceValues& values, const ManifestRules& rules) {
  for (const auto& [pcr, accepted] : values.registers)
    if (std::ranges::find(rules.quoted, pcr) == rules.quoted.end())
      return refuse("REF-UNQUOTED", "the manifest has values for a register that no quote covers",
                    "PCR " + std::to_string(pcr),
                    "add it to 'attestation.registers' in the server's configuration first");
  for (const auto& [pcr, accepted] : values.registers)
    if (std::ranges::find(accepted, rules.bank, &crypto::BankDigest::bank) == accepted.end())
      return refuse("REF-UNQUOTED", "the manifest has values of another bank than is quoted",
                    "PCR " + std::to_string(pcr),
                    "ask its maker for the bank that 'attestation.bank' names");
  return {};
}

}  // namespace

Json ManifestRequest::told() const {
  Json told;
  told.set("sha256", to_hex(crypto::sha256(manifest)));
  return told.set("environment", to_json(environment));
}

Result<ManifestRequest> parse_manifest_request(ByteView body) {
  VEDETTE_TRY(const Json json, codec::parse_json(as_text(body), kLimits));
  VEDETTE_CHECK(json.only({"manifest", "environment"}));
  VEDETTE_TRY(const std::string text, json.string("manifest"));
  VEDETTE_TRY(const Json* environment, json.object("environment"));
  ManifestRequest request;
  VEDETTE_TRY(request.manifest, codec::from_base64(text));
  VEDETTE_TRY(request.environment, corim::parse_environment(*environment));
  return request;
}

Result<BelievedManifest> believe(const ManifestRequest& request, const ManifestRules& rules,
                                 TimePoint now) {
  if (rules.signers.empty())
    return refuse("CORIM-SIGNATURE", "this server trusts nobody's manifests", {},
                  "name their makers' keys in its configuration: 'attestation.manifest_signers'");
  VEDETTE_TRY(
      const auto manifest,
      corim::verify_corim(request.manifest, {.trusted_signers = rules.signers, .now = now}));
  BelievedManifest believed;
  VEDETTE_TRY(believed.values, corim::register_values(manifest, request.environment));
  VEDETTE_CHECK(check_quoted(believed.values, rules));
  believed.told = request.told();
  tell(believed.told, *manifest, request.environment);
  return believed;
}

}  // namespace vedette::server
