#include "release/oms_bundle.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "codec/base64.h"
#include "codec/json.h"
#include "crypto/digest.h"
#include "release/dsse.h"

namespace vedette::release {
namespace {

using codec::Json;
using crypto::Certificate;
using crypto::KeyType;
using crypto::PublicKey;

constexpr std::string_view kMediaType = "application/vnd.dev.sigstore.bundle.v0.3+json";
constexpr codec::JsonLimits kLimits{
    .max_bytes = kMaxBundleBytes, .max_depth = 16, .max_values = 1000};
constexpr std::size_t kMaxCertificates = 8;

template <class T>
Result<T> as_bundle(Result<T> result) {
  if (!result)
    return refuse("OMS-BUNDLE", "this is not a model signing bundle", describe(result.error()));
  return result;
}

// Which key the bundle says it was signed with; empty where it does not say. Signers before 1.1 put
// the key's PEM text here itself: whoever signs can put any, so it serves to find a key, never as
// one.
Result<std::string> read_key_hint(const Json& key) {
  VEDETTE_CHECK(as_bundle(key.only({"hint", "rawBytes", "keyDetails"})));
  if (key.find("hint") != nullptr) return as_bundle(key.string("hint"));
  if (key.find("rawBytes") == nullptr) return std::string();
  VEDETTE_TRY(const std::string text, as_bundle(key.string("rawBytes")));
  VEDETTE_TRY(const Bytes pem, as_bundle(codec::from_base64(text)));
  return to_hex(crypto::sha256(pem));
}

// Nobody here has checked them: whoever reads one may not think so.
Result<void> check_no_log_entries(const Json& material) {
  if (material.find("tlogEntries") == nullptr) return {};
  VEDETTE_TRY(const Json* entries, as_bundle(material.array("tlogEntries")));
  if (entries->if_array()->empty()) return {};
  return refuse("OMS-BUNDLE", "a bundle in this mode has no transparency log entries");
}

// The same, for a bundle that is in key mode and in no other.
Result<std::string> read_hint(const Json& material) {
  if (material.find("publicKey") == nullptr)
    return refuse("OMS-MODE", "the bundle was not signed with a plain key", {},
                  "name the roots of its signer's certificate, or sign with a publisher's key");
  VEDETTE_CHECK(as_bundle(material.only({"publicKey", "tlogEntries"})));
  VEDETTE_CHECK(check_no_log_entries(material));
  VEDETTE_TRY(const Json* key, as_bundle(material.object("publicKey")));
  return read_key_hint(*key);
}

bool is_ecdsa(const PublicKey& key) {
  return key.type() == KeyType::ec_p256 || key.type() == KeyType::ec_p384 ||
         key.type() == KeyType::ec_p521;
}

// OMS v1.0 signs with ECDSA; a publisher's other keys have no say about bundles.
std::vector<PublicKey> ecdsa_keys(std::span<const PublicKey> publishers) {
  std::vector<PublicKey> keys;
  std::ranges::copy_if(publishers, std::back_inserter(keys), is_ecdsa);
  return keys;
}

Error in_bundle_terms(Error error) {
  if (error.code == "DSSE-UNTRUSTED") error.code = "OMS-UNTRUSTED";
  if (error.code == "DSSE-SIGNATURE") error.code = "OMS-SIGNATURE";
  return error;
}

// A bundle's two parts; the JSON that they are borrowed from outlives them.
struct Halves {
  const Json* material;
  const Json* envelope;
};

Result<Halves> halves_of(const Json& json) {
  VEDETTE_CHECK(as_bundle(json.only({"mediaType", "verificationMaterial", "dsseEnvelope"})));
  VEDETTE_TRY(const std::string media_type, as_bundle(json.string("mediaType")));
  if (media_type != kMediaType)
    return refuse("OMS-BUNDLE", "this is not a Sigstore bundle of version 0.3",
                  media_type.substr(0, 80));
  VEDETTE_TRY(const Json* material, as_bundle(json.object("verificationMaterial")));
  VEDETTE_TRY(const Json* envelope, as_bundle(json.object("dsseEnvelope")));
  return Halves{material, envelope};
}

Result<SignedManifest> read_signed(const Json& envelope, std::span<const PublicKey> keys,
                                   std::string_view hint) {
  auto signed_payload = verify_dsse(envelope, kInTotoPayloadType, keys, hint);
  if (!signed_payload) return std::unexpected(in_bundle_terms(std::move(signed_payload).error()));
  VEDETTE_TRY(Manifest manifest, parse_statement(as_text(signed_payload->payload)));
  return SignedManifest{.manifest = std::move(manifest), .publisher = signed_payload->signer};
}

Result<std::vector<Certificate>> read_chain(const Json& material) {
  if (material.find("x509CertificateChain") == nullptr)
    return refuse("OMS-MODE", "the bundle was not signed with certificates", {},
                  "name the publisher's key, or sign with a certificate");
  VEDETTE_CHECK(as_bundle(material.only({"x509CertificateChain", "tlogEntries"})));
  VEDETTE_CHECK(check_no_log_entries(material));
  VEDETTE_TRY(const Json* chain, as_bundle(material.object("x509CertificateChain")));
  VEDETTE_CHECK(as_bundle(chain->only({"certificates"})));
  VEDETTE_TRY(const Json* list, as_bundle(chain->array("certificates")));
  if (list->if_array()->empty() || list->if_array()->size() > kMaxCertificates)
    return refuse("OMS-BUNDLE", "a bundle has from 1 to 8 certificates",
                  std::to_string(list->if_array()->size()));
  std::vector<Certificate> certificates;
  for (const Json& json : *list->if_array()) {
    VEDETTE_CHECK(as_bundle(json.only({"rawBytes"})));
    VEDETTE_TRY(const std::string text, as_bundle(json.string("rawBytes")));
    VEDETTE_TRY(const Bytes der, as_bundle(codec::from_base64(text)));
    VEDETTE_TRY(Certificate certificate, Certificate::from_der(der));
    certificates.push_back(std::move(certificate));
  }
  return certificates;
}

// A URI has a colon, and an e-mail address has none outside of quotes: each is looked for among the
// names of its own type, lest one pass for the other.
bool is_named(const Certificate& leaf, const std::string& identity) {
  const auto names = identity.contains(':') ? leaf.uri_names() : leaf.email_names();
  return std::ranges::find(names, identity) != names.end();
}

Result<void> check_identity(const Certificate& leaf, const std::vector<std::string>& wanted) {
  if (std::ranges::any_of(wanted, [&](const auto& identity) { return is_named(leaf, identity); }))
    return {};
  std::vector<std::string> names = leaf.uri_names();
  for (std::string& name : leaf.email_names())
    names.push_back(std::move(name));
  return refuse("OMS-IDENTITY", "the certificate names somebody else than the signers asked for",
                names.empty() ? "it names nobody" : names.front().substr(0, 200),
                "an authority certifies many: name the one that you trust");
}

Json material_of(const PublicKey& publisher, std::span<const Certificate> chain) {
  Json material;
  if (chain.empty()) {
    material.set("publicKey", Json::Object{{"hint", key_hint(publisher)}});
  } else {
    Json::Array certificates;
    for (const Certificate& certificate : chain)
      certificates.push_back(Json::Object{{"rawBytes", codec::to_base64(certificate.der())}});
    material.set("x509CertificateChain", Json::Object{{"certificates", std::move(certificates)}});
  }
  material.set("tlogEntries", Json::Array{});
  return material;
}

}  // namespace

Result<std::string> sign_model(const Manifest& manifest, const crypto::PrivateKey& key,
                               std::span<const Certificate> chain) {
  const PublicKey publisher = key.public_key();
  if (!is_ecdsa(publisher))
    return refuse("OMS-KEY", "models are signed with a key on P-256, P-384 or P-521", {},
                  "make one with 'vedette key generate'");
  if (!chain.empty() && chain.front().spki_sha256() != publisher.spki_sha256())
    return refuse("OMS-KEY", "the first certificate is of another key", chain.front().subject(),
                  "the signer's own certificate comes first");
  const std::string statement = to_statement(manifest);
  VEDETTE_TRY(Json envelope, sign_dsse(kInTotoPayloadType, as_bytes(statement), key));
  std::string bundle =
      codec::to_json(Json::Object{{"mediaType", kMediaType},
                                  {"verificationMaterial", material_of(publisher, chain)},
                                  {"dsseEnvelope", std::move(envelope)}});
  if (bundle.size() > kMaxBundleBytes)
    return refuse("OMS-SIZE", "the bundle would be larger than what is verified",
                  std::to_string(bundle.size()) + " octets, of at most 16 MiB",
                  "sign fewer files, or larger shards");
  return bundle;
}

Result<VerifiedManifest> verify_bundle(std::string_view bundle,
                                       std::span<const PublicKey> publishers) {
  VEDETTE_TRY(const Json json, codec::parse_json(bundle, kLimits));
  VEDETTE_TRY(const Halves halves, halves_of(json));
  VEDETTE_TRY(const std::string hint, read_hint(*halves.material));
  VEDETTE_TRY(SignedManifest signed_manifest,
              read_signed(*halves.envelope, ecdsa_keys(publishers), hint));
  return VerifiedManifest(SignedManifest::VerificationKey(), std::move(signed_manifest));
}

Result<VerifiedManifest> verify_certified_bundle(std::string_view bundle,
                                                 const CertifiedSigners& signers) {
  VEDETTE_TRY(const Json json, codec::parse_json(bundle, kLimits));
  VEDETTE_TRY(const Halves halves, halves_of(json));
  VEDETTE_TRY(const std::vector<Certificate> chain, read_chain(*halves.material));
  VEDETTE_CHECK(crypto::verify_chain(chain.front(), std::span(chain).subspan(1), signers.roots,
                                     signers.now, crypto::Purpose::code_signing));
  VEDETTE_CHECK(check_identity(chain.front(), signers.identities));
  VEDETTE_TRY(const PublicKey key, chain.front().public_key());
  VEDETTE_TRY(SignedManifest signed_manifest,
              read_signed(*halves.envelope, ecdsa_keys(std::span(&key, 1)), {}));
  return VerifiedManifest(SignedManifest::VerificationKey(), std::move(signed_manifest));
}

}  // namespace vedette::release
