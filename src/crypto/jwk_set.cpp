#include "crypto/jwk_set.h"

#include <algorithm>

#include "codec/base64.h"
#include "codec/json.h"

namespace vedette::crypto {
namespace {

using codec::Json;

constexpr std::size_t kMaxSet = 64 << 10;
constexpr std::size_t kMaxKeys = 64;
constexpr std::size_t kMaxKeyId = 128;
constexpr std::size_t kCoordinate = 32;  // RFC 7518, 6.2.1.2: of P-256, always whole

std::unexpected<Error> malformed(std::string cause) {
  return refuse("JWKS-SYNTAX", "this is no usable set of keys", std::move(cause));
}

Result<Json> to_json(const Jwk& jwk) {
  if (jwk.key.type() != KeyType::ec_p256)
    return refuse("JWKS-KEY", "only keys on P-256 are published", jwk.key_id);
  const Bytes point = jwk.key.subject_public_key();  // 4, x, y
  const ByteView coordinates = ByteView(point).subspan(1);
  Json json;
  json.set("kty", "EC").set("crv", "P-256");
  json.set("x", codec::to_base64url(coordinates.first(kCoordinate)));
  json.set("y", codec::to_base64url(coordinates.last(kCoordinate)));
  json.set("use", "sig").set("alg", "ES256").set("kid", jwk.key_id);
  if (jwk.expires_at) json.set("exp", to_unix_seconds(*jwk.expires_at));
  return json;
}

// Absent, or this text.
bool may_be(const Json& json, std::string_view name, std::string_view wanted) {
  const Json* const member = json.find(name);
  if (member == nullptr) return true;
  const std::string* const text = member->if_string();
  return text != nullptr && *text == wanted;
}

bool is_ours(const Json& json) {
  return json.find("kid") != nullptr && json.find("kty") != nullptr &&
         json.find("crv") != nullptr && may_be(json, "kty", "EC") && may_be(json, "crv", "P-256") &&
         may_be(json, "use", "sig") && may_be(json, "alg", "ES256");
}

Result<Bytes> coordinate(const Json& json, std::string_view name) {
  const auto text = json.string(name);
  if (!text) return malformed(describe(text.error()));
  auto octets = codec::from_base64url(*text);
  if (!octets) return malformed(describe(octets.error()));
  if (octets->size() != kCoordinate) return malformed("a coordinate of another length");
  return octets;
}

Result<std::optional<TimePoint>> expiry(const Json& json) {
  constexpr std::int64_t kLastYear9999 = 253'402'300'799;
  if (json.find("exp") == nullptr) return std::nullopt;
  const auto seconds = json.integer("exp");
  if (!seconds) return malformed(describe(seconds.error()));
  if (*seconds < 0 || *seconds > kLastYear9999) return malformed("an impossible exp");
  return from_unix_seconds(*seconds);
}

Result<Jwk> read_key(const Json& json) {
  const auto key_id = json.string("kid");
  if (!key_id) return malformed(describe(key_id.error()));
  if (key_id->empty() || key_id->size() > kMaxKeyId) return malformed("a kid of another length");
  VEDETTE_TRY(const Bytes x, coordinate(json, "x"));
  VEDETTE_TRY(const Bytes y, coordinate(json, "y"));
  VEDETTE_TRY(PublicKey key, PublicKey::from_ec_point(KeyType::ec_p256, x, y));
  VEDETTE_TRY(const std::optional<TimePoint> expires_at, expiry(json));
  return Jwk{*key_id, std::move(key), expires_at};
}

// RFC 7518, 6.2.2, 6.3.2 and 6.4: the members of private and of symmetric keys.
bool is_secret(const Json& json) {
  return json.find("d") != nullptr || json.find("k") != nullptr;
}

}  // namespace

Result<std::string> to_jwk_set(std::span<const Jwk> keys) {
  Json::Array array;
  for (const Jwk& jwk : keys) {
    VEDETTE_TRY(Json json, to_json(jwk));
    array.push_back(std::move(json));
  }
  Json set;
  set.set("keys", std::move(array));
  return codec::to_json(set);
}

Result<std::vector<Jwk>> parse_jwk_set(std::string_view text) {
  const auto json = codec::parse_json(text, {.max_bytes = kMaxSet, .max_depth = 8});
  if (!json) return malformed(describe(json.error()));
  const auto array = json->array("keys");
  if (!array) return malformed(describe(array.error()));
  if ((*array)->if_array()->size() > kMaxKeys) return malformed("more than 64 keys");
  std::vector<Jwk> keys;
  for (const Json& element : *(*array)->if_array()) {
    if (!element.is_object()) return malformed("a key that is no object");
    if (is_secret(element))
      return refuse("JWKS-PRIVATE", "the set holds a key that must not be public", {},
                    "have its owner make a new one");
    if (!is_ours(element)) continue;
    VEDETTE_TRY(Jwk key, read_key(element));
    if (std::ranges::find(keys, key.key_id, &Jwk::key_id) != keys.end())
      return refuse("JWKS-DUPLICATE", "the set holds two keys of one id", key.key_id);
    keys.push_back(std::move(key));
  }
  return keys;
}

}  // namespace vedette::crypto
