#include "release/tuf/document.h"

#include <algorithm>
#include <limits>

#include "release/tuf/canonical_json.h"
#include "release/tuf/fields.h"
#include "release/tuf/limits.h"
#include "release/tuf/metadata.h"

namespace vedette::release::tuf {
namespace {

using codec::Json;

Json key_value(std::string_view type, std::string_view scheme, std::string value) {
  return Json::Object{{"keytype", type},
                      {"keyval", Json::Object{{"public", std::move(value)}}},
                      {"scheme", scheme}};
}

template <class T>
Result<void> readable(const Result<T>& parsed) {
  if (!parsed) return std::unexpected(parsed.error());
  return {};
}

Result<void> check_readable(std::string_view type, ByteView octets) {
  if (type == kRoot) return readable(parse_root(octets));
  if (type == kTimestamp) return readable(parse_timestamp(octets));
  if (type == kSnapshot) return readable(parse_snapshot(octets));
  if (type == kTargets) return readable(parse_targets(octets));
  return refuse("TUF-TYPE", "this is the metadata of no role", std::string(type.substr(0, 80)));
}

}  // namespace

Result<ListedKey> listed_key(const crypto::PublicKey& key) {
  ListedKey listed;
  if (key.type() == crypto::KeyType::ed25519)
    listed.value = key_value("ed25519", "ed25519", to_hex(key.subject_public_key()));
  else if (key.type() == crypto::KeyType::ec_p256)
    listed.value = key_value("ecdsa", "ecdsa-sha2-nistp256", key.pem());
  else
    return refuse("TUF-KEY-KIND", "a key is of a kind that signs no metadata here", {},
                  "use Ed25519 or P-256");
  VEDETTE_TRY(const std::string canonical, canonical_json(listed.value));
  listed.id = to_hex(crypto::sha256(as_bytes(canonical)));
  return listed;
}

Result<Document> read_document(ByteView octets) {
  VEDETTE_TRY(const Json json,
              required(codec::parse_json(as_text(octets), {.max_bytes = kMaxTargetsOctets,
                                                           .max_depth = kMaxJsonDepth,
                                                           .max_values = kMaxJsonValues})));
  VEDETTE_TRY(const Json* content, required(json.object("signed")));
  VEDETTE_TRY(const std::string type, required(content->string("_type")));
  VEDETTE_CHECK(check_readable(type, octets));
  VEDETTE_TRY(const Json* signatures, required(json.array("signatures")));
  return Document{.content = *content, .signatures = *signatures->if_array()};
}

Bytes write_document(const Document& document) {
  return to_bytes(codec::to_pretty_json(
      Json::Object{{"signatures", document.signatures}, {"signed", document.content}}));
}

Result<void> sign_document(Document& document, const crypto::PrivateKey& key) {
  VEDETTE_TRY(const ListedKey listed, listed_key(key.public_key()));
  VEDETTE_TRY(const std::string canonical, canonical_json(document.content));
  VEDETTE_TRY(const Bytes signature, key.sign(as_bytes(canonical)));
  std::erase_if(document.signatures,
                [&](const Json& one) { return one.string("keyid").value_or("") == listed.id; });
  if (document.signatures.size() >= kMaxSignatures)
    return refuse("TUF-SIGNATURES", "there are more signatures than a client takes",
                  std::to_string(document.signatures.size()));
  document.signatures.emplace_back(Json::Object{{"keyid", listed.id}, {"sig", to_hex(signature)}});
  return {};
}

Result<void> begin_next_version(Document& document, TimePoint expires) {
  VEDETTE_TRY(const std::int64_t version, version_of(document));
  if (version == std::numeric_limits<std::int64_t>::max())
    return refuse("TUF-VERSION", "no version can follow this one", std::to_string(version));
  document.content.set("version", version + 1).set("expires", to_rfc3339(expires));
  document.signatures.clear();
  return {};
}

Result<std::int64_t> version_of(const Document& document) {
  return read_positive(document.content, "version");
}

}  // namespace vedette::release::tuf
