#include "identity/trust_bundle_fields.h"

#include "codec/base64.h"
#include "codec/json.h"

namespace vedette::identity {
namespace {

using codec::Json;
using crypto::Certificate;

constexpr std::int64_t kMostVersions = 1'000'000;

std::unexpected<Error> malformed(std::string cause) {
  return refuse("BUNDLE-SYNTAX", "the trust bundle is malformed", std::move(cause));
}

Json written(const TrustedAuthority& authority) {
  Json json;
  json.set("certificate", codec::to_base64(authority.certificate.der()));
  if (authority.until) json.set("until", to_unix_seconds(*authority.until));
  return json;
}

Json written(const Certificate& certificate) {
  return codec::to_base64(certificate.der());
}

template <class T>
Json written(const std::vector<T>& list) {
  Json::Array array;
  for (const T& each : list)
    array.push_back(written(each));
  return array;
}

Result<TimePoint> time_of(const Json& json, std::string_view name) {
  constexpr std::int64_t kLastYear9999 = 253'402'300'799;
  VEDETTE_TRY(const std::int64_t value, json.integer(name));
  if (value < 0 || value > kLastYear9999) return malformed(std::string(name));
  return from_unix_seconds(value);
}

Result<Certificate> certificate_of(const std::string& text) {
  VEDETTE_TRY(const Bytes der, codec::from_base64(text));
  return Certificate::from_der(der);
}

Result<TrustedAuthority> authority_of(const Json& json) {
  VEDETTE_CHECK(json.only({"certificate", "until"}));
  VEDETTE_TRY(const std::string text, json.string("certificate"));
  VEDETTE_TRY(Certificate certificate, certificate_of(text));
  TrustedAuthority authority{std::move(certificate), {}};
  if (json.find("until") == nullptr) return authority;
  VEDETTE_TRY(authority.until, time_of(json, "until"));
  return authority;
}

Result<std::vector<TrustedAuthority>> authorities_of(const Json& json, std::string_view name,
                                                     std::size_t most) {
  VEDETTE_TRY(const Json* array, json.array(name));
  if (array->if_array()->empty() || array->if_array()->size() > most)
    return malformed("not 1 to " + std::to_string(most) + " " + std::string(name));
  std::vector<TrustedAuthority> authorities;
  for (const Json& each : *array->if_array()) {
    VEDETTE_TRY(TrustedAuthority authority, authority_of(each));
    authorities.push_back(std::move(authority));
  }
  return authorities;
}

Result<std::vector<Certificate>> crosses_of(const Json& json, std::string_view name) {
  VEDETTE_TRY(const Json* array, json.array(name));
  if (array->if_array()->size() > kMostCrosses) return malformed("too many " + std::string(name));
  std::vector<Certificate> crosses;
  for (const Json& each : *array->if_array()) {
    if (each.if_string() == nullptr) return malformed(std::string(name));
    VEDETTE_TRY(Certificate cross, certificate_of(*each.if_string()));
    crosses.push_back(std::move(cross));
  }
  return crosses;
}

}  // namespace

std::string write_trust_bundle(const TrustBundle& bundle) {
  Json json;
  json.set("version", bundle.version).set("trust_domain", bundle.trust_domain);
  json.set("iat", to_unix_seconds(bundle.issued_at)).set("exp", to_unix_seconds(bundle.expires_at));
  json.set("roots", written(bundle.roots)).set("issuing", written(bundle.issuing));
  json.set("new_with_old", written(bundle.new_with_old));
  json.set("old_with_new", written(bundle.old_with_new));
  return codec::to_json(json);
}

Result<TrustBundle> read_trust_bundle(std::string_view payload) {
  VEDETTE_TRY(const Json json, codec::parse_json(payload, {.max_bytes = kMaxTrustBundle}));
  VEDETTE_CHECK(json.only({"version", "trust_domain", "iat", "exp", "roots", "issuing",
                           "new_with_old", "old_with_new"}));
  TrustBundle bundle;
  VEDETTE_TRY(const std::int64_t version, json.integer("version"));
  if (version < 1 || version > kMostVersions) return malformed("version");
  bundle.version = static_cast<std::uint64_t>(version);
  VEDETTE_TRY(const std::string domain, json.string("trust_domain"));
  VEDETTE_TRY(const TrustDomain checked, TrustDomain::parse(domain));
  bundle.trust_domain = checked.str();
  VEDETTE_TRY(bundle.issued_at, time_of(json, "iat"));
  VEDETTE_TRY(bundle.expires_at, time_of(json, "exp"));
  if (bundle.expires_at <= bundle.issued_at) return malformed("it ends before it begins");
  VEDETTE_TRY(bundle.roots, authorities_of(json, "roots", kMostRoots));
  VEDETTE_TRY(bundle.issuing, authorities_of(json, "issuing", kMostIssuing));
  VEDETTE_TRY(bundle.new_with_old, crosses_of(json, "new_with_old"));
  VEDETTE_TRY(bundle.old_with_new, crosses_of(json, "old_with_new"));
  return bundle;
}

}  // namespace vedette::identity
