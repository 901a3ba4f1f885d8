#include "release/dsse.h"

#include <algorithm>

#include "codec/base64.h"
#include "crypto/digest.h"

namespace vedette::release {
namespace {

using crypto::Hash;
using crypto::KeyType;
using crypto::PublicKey;

template <class T>
Result<T> as_syntax(Result<T> result) {
  if (!result)
    return refuse("DSSE-SYNTAX", "this is not a DSSE envelope", describe(result.error()));
  return result;
}

struct Parts {
  std::string payload_type;
  Bytes payload;
  Bytes signature;
  std::string key_id;
};

Result<Parts> parse_signature(Parts parts, const codec::Json& signature) {
  VEDETTE_CHECK(as_syntax(signature.only({"sig", "keyid"})));
  VEDETTE_TRY(const std::string sig, as_syntax(signature.string("sig")));
  VEDETTE_TRY(parts.signature, as_syntax(codec::from_base64(sig)));
  const codec::Json* key_id = signature.find("keyid");
  if (key_id != nullptr && !key_id->is_null()) {  // protobuf's JSON allows null for the default
    VEDETTE_TRY(parts.key_id, as_syntax(signature.string("keyid")));
  }
  return parts;
}

Result<Parts> parse_envelope(const codec::Json& envelope) {
  Parts parts;
  VEDETTE_CHECK(as_syntax(envelope.only({"payload", "payloadType", "signatures"})));
  VEDETTE_TRY(parts.payload_type, as_syntax(envelope.string("payloadType")));
  VEDETTE_TRY(const std::string payload, as_syntax(envelope.string("payload")));
  VEDETTE_TRY(parts.payload, as_syntax(codec::from_base64(payload)));
  VEDETTE_TRY(const codec::Json* signatures, as_syntax(envelope.array("signatures")));
  const std::size_t count = signatures->if_array()->size();
  if (count != 1)
    return refuse("DSSE-SIGNATURES", "the envelope must have exactly one signature",
                  std::to_string(count) + " signatures");
  return parse_signature(std::move(parts), signatures->if_array()->front());
}

// None for RSA: neither Sigstore's bundles nor our statements use it.
const Hash* own_hash(KeyType type) {
  static constexpr Hash kSha256 = Hash::sha256;
  static constexpr Hash kSha384 = Hash::sha384;
  static constexpr Hash kSha512 = Hash::sha512;
  switch (type) {
    case KeyType::ec_p256:
      return &kSha256;
    case KeyType::ec_p384:
      return &kSha384;
    case KeyType::ec_p521:
    case KeyType::ed25519:
      return &kSha512;
    case KeyType::rsa:
      return nullptr;
  }
  return nullptr;
}

bool verifies(const PublicKey& key, ByteView message, ByteView signature) {
  const Hash* hash = own_hash(key.type());
  return hash != nullptr && key.verify(*hash, message, signature).has_value();
}

std::unexpected<Error> refuse_signature(std::span<const PublicKey> trusted, std::string_view hint) {
  const bool known =
      std::ranges::any_of(trusted, [&](const PublicKey& key) { return key_hint(key) == hint; });
  if (!hint.empty() && !known)
    return refuse("DSSE-UNTRUSTED", "the signer is not a trusted publisher",
                  "key " + std::string(hint.substr(0, 80)),
                  "trust this key only if you know whose it is");
  return refuse("DSSE-SIGNATURE", "no trusted key made this signature over this content",
                known ? "key " + std::string(hint) : std::string(),
                "the content was changed after it was signed, or a stranger signed it");
}

}  // namespace

Bytes pre_authentication_encoding(std::string_view payload_type, ByteView payload) {
  Bytes encoding = to_bytes("DSSEv1 " + std::to_string(payload_type.size()) + " ");
  append(encoding, as_bytes(payload_type));
  append(encoding, as_bytes(" " + std::to_string(payload.size()) + " "));
  append(encoding, payload);
  return encoding;
}

Result<codec::Json> sign_dsse(std::string_view payload_type, ByteView payload,
                              const crypto::PrivateKey& key, std::string_view key_id) {
  VEDETTE_TRY(const Bytes signature, key.sign(pre_authentication_encoding(payload_type, payload)));
  using codec::Json;
  return Json(
      Json::Object{{"payload", codec::to_base64(payload)},
                   {"payloadType", payload_type},
                   {"signatures", Json::Array{Json::Object{{"sig", codec::to_base64(signature)},  //
                                                           {"keyid", key_id}}}}});
}

Result<DssePayload> verify_dsse(const codec::Json& envelope, std::string_view payload_type,
                                std::span<const PublicKey> trusted, std::string_view hint) {
  VEDETTE_TRY(Parts parts, parse_envelope(envelope));
  if (parts.payload_type != payload_type)
    return refuse("DSSE-TYPE", "the envelope holds another kind of content than expected",
                  parts.payload_type.substr(0, 80) + ", not " + std::string(payload_type));
  const Bytes message = pre_authentication_encoding(parts.payload_type, parts.payload);
  for (const PublicKey& key : trusted)
    if (verifies(key, message, parts.signature))
      return DssePayload{.payload = std::move(parts.payload), .signer = key};
  return refuse_signature(trusted, hint.empty() ? std::string_view(parts.key_id) : hint);
}

std::string key_hint(const PublicKey& key) {
  return to_hex(crypto::sha256(as_bytes(key.pem())));
}

}  // namespace vedette::release
