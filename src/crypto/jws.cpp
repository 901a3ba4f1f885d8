#include "crypto/jws.h"

#include "codec/base64.h"
#include "crypto/key_values.h"

namespace vedette::crypto {
namespace {

constexpr std::size_t kMaxJws = 256 << 10;
constexpr std::size_t kMaxHeader = 4 << 10;
constexpr std::size_t kFieldBytes = 32;
constexpr std::string_view kAlgorithm = "ES256";

std::unexpected<Error> malformed(std::string cause) {
  return refuse("JWS-SYNTAX", "this is not a well-formed token", std::move(cause));
}

std::unexpected<Error> wrong_algorithm(std::string cause) {
  return refuse("JWS-ALGORITHM", "only tokens signed with ES256 are accepted", std::move(cause));
}

struct CompactParts {
  std::string_view header;
  std::string_view payload;
  std::string_view signature;
  std::string_view signed_text;  // header.payload
};

Result<CompactParts> split(std::string_view jws) {
  if (jws.size() > kMaxJws) return malformed("larger than 256 KiB");
  const std::size_t first = jws.find('.');
  if (first == std::string_view::npos) return malformed("it has one part instead of three");
  const std::size_t second = jws.find('.', first + 1);
  if (second == std::string_view::npos) return malformed("it has two parts instead of three");
  if (jws.find('.', second + 1) != std::string_view::npos)
    return malformed("more than three parts");
  return CompactParts{.header = jws.substr(0, first),
                      .payload = jws.substr(first + 1, second - first - 1),
                      .signature = jws.substr(second + 1),
                      .signed_text = jws.substr(0, second)};
}

Result<Bytes> decode_part(std::string_view part) {
  auto bytes = codec::from_base64url(part);
  if (!bytes.has_value()) return malformed(describe(bytes.error()));
  return *std::move(bytes);
}

// An optional member of text.
Result<std::string> text_member(const codec::Json& header, std::string_view name) {
  const codec::Json* const member = header.find(name);
  if (member == nullptr) return std::string();
  if (const std::string* const text = member->if_string(); text != nullptr) return *text;
  return malformed(std::string(name) + " is not a string");
}

Result<JwsHeader> read_header(std::string_view part) {
  if (part.size() > kMaxHeader) return malformed("a header larger than 4 KiB");
  VEDETTE_TRY(const Bytes bytes, decode_part(part));
  const auto header = codec::parse_json(as_text(bytes), {.max_bytes = kMaxHeader, .max_depth = 4});
  if (!header.has_value()) return malformed(describe(header.error()));
  if (!header->is_object()) return malformed("its header is no object");
  if (header->find("crit") != nullptr) return wrong_algorithm("critical header members");
  VEDETTE_TRY(const std::string algorithm, text_member(*header, "alg"));
  if (algorithm != kAlgorithm) return wrong_algorithm("alg '" + algorithm.substr(0, 40) + "'");
  // jwk, jku, x5u and their like would let the token choose the key that judges it.
  if (const auto known = header->only({"alg", "typ", "kid"}); !known.has_value())
    return malformed(describe(known.error()));
  JwsHeader result;
  VEDETTE_TRY(result.type, text_member(*header, "typ"));
  VEDETTE_TRY(result.key_id, text_member(*header, "kid"));
  return result;
}

Result<void> check_signature(const CompactParts& parts, const PublicKey& key) {
  VEDETTE_TRY(const Bytes raw, decode_part(parts.signature));
  const auto refusal = [](std::string cause) {
    return refuse("JWS-SIGNATURE", "the token was not signed by the expected key",
                  std::move(cause));
  };
  if (raw.size() != 2 * kFieldBytes) return refusal("a signature of impossible length");
  const auto der = ecdsa_raw_to_der(raw);
  if (!der.has_value()) return refusal(describe(der.error()));
  if (!has_low_s(KeyType::ec_p256, *der)) return refusal("s is in the upper half of its range");
  if (const auto verified = key.verify(Hash::sha256, as_bytes(parts.signed_text), *der);
      !verified.has_value())
    return refusal(describe(verified.error()));
  return {};
}

}  // namespace

Result<std::string> sign_jws(const JwsHeader& header, std::string_view payload,
                             const PrivateKey& key) {
  if (key.public_key().type() != KeyType::ec_p256)
    return wrong_algorithm("the key is not on P-256");
  codec::Json json(codec::Json::Object{});
  json.set("alg", kAlgorithm);
  if (!header.type.empty()) json.set("typ", header.type);
  if (!header.key_id.empty()) json.set("kid", header.key_id);
  std::string text = codec::to_base64url(as_bytes(codec::to_json(json)));
  text += '.';
  text += codec::to_base64url(as_bytes(payload));
  VEDETTE_TRY(const Bytes der, key.sign(as_bytes(text)));
  VEDETTE_TRY(const Bytes raw, ecdsa_der_to_raw(der, kFieldBytes));
  text += '.';
  text += codec::to_base64url(raw);
  if (text.size() > kMaxJws) return malformed("larger than 256 KiB");
  return text;
}

Result<JwsHeader> peek_jws_header(std::string_view jws) {
  VEDETTE_TRY(const CompactParts parts, split(jws));
  return read_header(parts.header);
}

Result<std::string> verify_jws(std::string_view jws, std::string_view expected_type,
                               const PublicKey& key) {
  if (key.type() != KeyType::ec_p256) return wrong_algorithm("the key is not on P-256");
  VEDETTE_TRY(const CompactParts parts, split(jws));
  VEDETTE_TRY(const JwsHeader header, read_header(parts.header));
  // An absent type is no type that anybody expects.
  if (header.type.empty() || header.type != expected_type)
    return refuse(
        "JWS-TYPE", "the token is of another kind than expected",
        "typ '" + header.type.substr(0, 40) + "' instead of '" + std::string(expected_type) + "'");
  VEDETTE_CHECK(check_signature(parts, key));
  VEDETTE_TRY(const Bytes payload, decode_part(parts.payload));
  return std::string(as_text(payload));
}

}  // namespace vedette::crypto
