#include "server/admission_json.h"

namespace vedette::server {

using codec::Json;

Result<std::optional<SkuId>> sku_of(const Json& body) {
  const Json* const member = body.find("sku");
  if (member == nullptr || member->is_null()) return std::nullopt;
  VEDETTE_TRY(const std::string text, body.string("sku"));
  VEDETTE_TRY(SkuId sku, SkuId::parse(text));
  return sku;
}

Result<identity::KeyKinds> keys_of(const Json& body) {
  identity::KeyKinds keys;
  if (body.find("keys") == nullptr) return keys;
  VEDETTE_TRY(const Json* const list, body.array("keys"));
  for (const Json& element : *list->if_array()) {
    const std::string* const word = element.if_string();
    const auto kind = word == nullptr ? std::nullopt : identity::key_kind_named(*word);
    if (!kind)
      return refuse("DEV-KEY", "this is no place where a device's key may live",
                    word == nullptr ? "no text" : word->substr(0, 40), "tpm, pkcs11 or memory");
    keys.pkcs11 = keys.pkcs11 || *kind == identity::KeyKind::pkcs11;
    keys.memory = keys.memory || *kind == identity::KeyKind::memory;
  }
  return keys;
}

Json to_json(const identity::KeyKinds& keys) {
  Json::Array list;
  for (const auto kind : {identity::KeyKind::pkcs11, identity::KeyKind::memory})
    if (keys.has(kind)) list.emplace_back(identity::to_string(kind));
  return list;
}

}  // namespace vedette::server
