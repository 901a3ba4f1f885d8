#include "release/oms_bundle.h"

#include <vector>

#include "codec/base64.h"
#include "codec/json.h"
#include "crypto/digest.h"
#include "release/dsse.h"

namespace vedette::release {
namespace {

using codec::Json;
using crypto::KeyType;
using crypto::PublicKey;

constexpr std::string_view kMediaType = "application/vnd.dev.sigstore.bundle.v0.3+json";
constexpr codec::JsonLimits kLimits{
    .max_bytes = kMaxBundleBytes, .max_depth = 16, .max_values = 1000};

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

// The same, for a bundle that is in key mode and in no other.
Result<std::string> read_hint(const Json& bundle) {
  VEDETTE_TRY(const Json* material, as_bundle(bundle.object("verificationMaterial")));
  if (material->find("publicKey") == nullptr)
    return refuse("OMS-MODE", "the bundle was not signed with a plain key", {},
                  "sign the model with a publisher's key; certificates are not supported yet");
  VEDETTE_CHECK(as_bundle(material->only({"publicKey", "tlogEntries"})));
  if (material->find("tlogEntries") != nullptr) {
    VEDETTE_TRY(const Json* entries, as_bundle(material->array("tlogEntries")));
    if (!entries->if_array()->empty())
      return refuse("OMS-BUNDLE", "a bundle in key mode has no transparency log entries");
  }
  VEDETTE_TRY(const Json* key, as_bundle(material->object("publicKey")));
  return read_key_hint(*key);
}

// OMS v1.0 signs with ECDSA; a publisher's other keys have no say about bundles.
std::vector<PublicKey> ecdsa_keys(std::span<const PublicKey> publishers) {
  std::vector<PublicKey> keys;
  for (const PublicKey& key : publishers)
    if (key.type() == KeyType::ec_p256 || key.type() == KeyType::ec_p384 ||
        key.type() == KeyType::ec_p521)
      keys.push_back(key);
  return keys;
}

Error in_bundle_terms(Error error) {
  if (error.code == "DSSE-UNTRUSTED") error.code = "OMS-UNTRUSTED";
  if (error.code == "DSSE-SIGNATURE") error.code = "OMS-SIGNATURE";
  return error;
}

}  // namespace

Result<std::string> sign_model(const Manifest& manifest, const crypto::PrivateKey& key) {
  const PublicKey publisher = key.public_key();
  if (publisher.type() != KeyType::ec_p256)
    return refuse("OMS-KEY", "models are signed with a P-256 key", {},
                  "make one with 'vedette key generate'");
  const std::string statement = to_statement(manifest);
  VEDETTE_TRY(Json envelope, sign_dsse(kInTotoPayloadType, as_bytes(statement), key));
  const Json::Object public_key{{"hint", key_hint(publisher)}};
  return codec::to_json(
      Json::Object{{"mediaType", kMediaType},
                   {"verificationMaterial",
                    Json::Object{{"publicKey", public_key}, {"tlogEntries", Json::Array{}}}},
                   {"dsseEnvelope", std::move(envelope)}});
}

Result<VerifiedManifest> verify_bundle(std::string_view bundle,
                                       std::span<const PublicKey> publishers) {
  VEDETTE_TRY(const Json json, codec::parse_json(bundle, kLimits));
  VEDETTE_CHECK(as_bundle(json.only({"mediaType", "verificationMaterial", "dsseEnvelope"})));
  VEDETTE_TRY(const std::string media_type, as_bundle(json.string("mediaType")));
  if (media_type != kMediaType)
    return refuse("OMS-BUNDLE", "this is not a Sigstore bundle of version 0.3",
                  media_type.substr(0, 80));
  VEDETTE_TRY(const std::string hint, read_hint(json));
  VEDETTE_TRY(const Json* envelope, as_bundle(json.object("dsseEnvelope")));
  auto signed_payload = verify_dsse(*envelope, kInTotoPayloadType, ecdsa_keys(publishers), hint);
  if (!signed_payload) return std::unexpected(in_bundle_terms(std::move(signed_payload).error()));
  VEDETTE_TRY(Manifest manifest, parse_statement(as_text(signed_payload->payload)));
  return VerifiedManifest(
      SignedManifest::VerificationKey(),
      SignedManifest{.manifest = std::move(manifest), .publisher = signed_payload->signer});
}

}  // namespace vedette::release
