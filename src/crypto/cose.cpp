#include "crypto/cose.h"

#include <algorithm>

#include "crypto/key_values.h"

namespace vedette::crypto {
namespace {

using codec::Cbor;
using codec::CborKey;

constexpr std::uint64_t kSign1Tag = 18;
constexpr std::size_t kMaxMessage = 1 << 20;
constexpr std::size_t kMaxHeader = 64 << 10;
constexpr std::size_t kMaxLabels = 64;  // in a header: they are compared each with each
constexpr std::size_t kMaxCritical = 16;

std::unexpected<Error> malformed(std::string cause) {
  return refuse("COSE-SYNTAX", "this is not a well-formed COSE_Sign1 message", std::move(cause));
}

std::unexpected<Error> bad_header(std::string cause) {
  return refuse("COSE-HEADER", "a header of the COSE message is malformed", std::move(cause));
}

std::unexpected<Error> bad_critical(std::string cause) {
  return refuse("COSE-CRITICAL", "the COSE message demands what is not understood here",
                std::move(cause));
}

std::unexpected<Error> wrong_algorithm(std::string cause) {
  return refuse("COSE-ALGORITHM", "the COSE message is not signed with the key's algorithm",
                std::move(cause), "sign with ES256, ES384 or EdDSA, told in the protected header");
}

// RFC 9053, 2.1 and 2.2.
Result<std::int64_t> algorithm_of(KeyType type) {
  switch (type) {
    case KeyType::ec_p256:
      return -7;
    case KeyType::ec_p384:
      return -35;
    case KeyType::ed25519:
      return -8;
    case KeyType::ec_p521:
    case KeyType::rsa:
      break;
  }
  return wrong_algorithm("a key that is neither on P-256 or P-384 nor Ed25519");
}

// The four parts, borrowed from the decoded message.
struct Sign1Parts {
  const Bytes* protected_header;
  const Cbor* unprotected_header;
  const Bytes* payload;
  const Bytes* signature;
};

Result<const Cbor*> untag(const Cbor& message, CoseTag tag) {
  if (!message.if_tag().has_value()) {
    if (tag == CoseTag::required) return malformed("no tag 18");
    return &message;
  }
  const Cbor* const content = message.content(kSign1Tag);
  if (content == nullptr) return malformed("tag " + std::to_string(*message.if_tag()));
  if (tag == CoseTag::forbidden) return malformed("a tag 18 where none may be");
  return content;
}

Result<Sign1Parts> split(const Cbor& message, CoseTag tag) {
  VEDETTE_TRY(const Cbor* const untagged, untag(message, tag));
  const auto* const parts = untagged->if_array();
  if (parts == nullptr || parts->size() != 4) return malformed("no array of four");
  const Sign1Parts result{.protected_header = (*parts)[0].if_bytes(),
                          .unprotected_header = &(*parts)[1],
                          .payload = (*parts)[2].if_bytes(),
                          .signature = (*parts)[3].if_bytes()};
  if (result.protected_header == nullptr) return malformed("no protected header");
  if (result.unprotected_header->if_map() == nullptr) return malformed("no unprotected header");
  if ((*parts)[2].is_null()) return malformed("its payload is detached");
  if (result.payload == nullptr) return malformed("no payload");
  if (result.signature == nullptr) return malformed("no signature");
  return result;
}

Result<Cbor> parse_protected(const Bytes& encoded) {
  // An empty map may be told by no octets at all (RFC 9052, 3); it lacks alg either way.
  if (encoded.empty()) return Cbor(Cbor::Map());
  auto map = codec::parse_cbor(encoded, {.max_bytes = kMaxHeader});
  if (!map.has_value()) return bad_header(describe(map.error()));
  if (map->if_map() == nullptr) return bad_header("the protected header is no map");
  return map;
}

Result<void> check_disjoint(const Cbor& protected_header, const Cbor& unprotected_header) {
  if (protected_header.if_map()->size() > kMaxLabels ||
      unprotected_header.if_map()->size() > kMaxLabels)
    return bad_header("more than 64 labels");
  for (const auto& [label, value] : *unprotected_header.if_map())
    if (protected_header.find(label) != nullptr)
      return bad_header("label " + label.name() + " is both protected and unprotected");
  return {};
}

Result<void> check_algorithm(const Cbor& protected_header, KeyType type) {
  VEDETTE_TRY(const std::int64_t expected, algorithm_of(type));
  const Cbor* const algorithm = protected_header.find(kCoseAlgorithm);
  if (algorithm == nullptr) return wrong_algorithm("alg is not in the protected header");
  if (algorithm->if_integer() != expected)
    return wrong_algorithm("the key needs alg " + std::to_string(expected));
  return {};
}

// A label of crit (RFC 9052, 3.1).
Result<void> check_critical_label(const Cbor& label, const Cbor& protected_header,
                                  const std::vector<CborKey>& understood) {
  const auto number = label.if_integer();
  if (!number.has_value() && label.if_text() == nullptr) return bad_critical("a label of no kind");
  const CborKey key = number.has_value() ? CborKey(*number) : CborKey(*label.if_text());
  const bool own = key == kCoseAlgorithm || key == kCoseContentType || key == kCoseKeyId;
  if (!own && std::ranges::find(understood, key) == understood.end())
    return bad_critical("label " + key.name());
  if (protected_header.find(key) == nullptr)
    return bad_critical("label " + key.name() + " is not in the protected header");
  return {};
}

Result<void> check_critical(const Cbor& protected_header, const Cbor& unprotected_header,
                            const std::vector<CborKey>& understood) {
  if (unprotected_header.find(kCoseCritical) != nullptr) return bad_critical("crit is unprotected");
  const Cbor* const critical = protected_header.find(kCoseCritical);
  if (critical == nullptr) return {};
  const auto* const labels = critical->if_array();
  if (labels == nullptr || labels->empty() || labels->size() > kMaxCritical)
    return bad_critical("crit is no list of 1 to 16 labels");
  for (const Cbor& label : *labels)
    VEDETTE_CHECK(check_critical_label(label, protected_header, understood));
  return {};
}

Result<CoseHeader> read_header(const Cbor& protected_header) {
  CoseHeader result;
  for (const auto& [label, value] : *protected_header.if_map()) {
    if (label == kCoseAlgorithm || label == kCoseCritical) continue;
    if (label == kCoseContentType) {
      if (value.if_text() != nullptr)
        result.content_type = *value.if_text();
      else if (value.if_unsigned() != nullptr)
        result.content_type = *value.if_unsigned();
      else
        return bad_header("the content type is neither text nor a number");
    } else if (label == kCoseKeyId) {
      if (value.if_bytes() == nullptr) return bad_header("kid is no byte string");
      result.key_id = *value.if_bytes();
    } else {
      result.others.emplace_back(label, value);
    }
  }
  return result;
}

// Sig_structure (RFC 9052, 4.4).
Bytes signed_bytes(ByteView protected_header, ByteView external_aad, ByteView payload) {
  return codec::to_cbor(Cbor::Array{"Signature1", protected_header, external_aad, payload});
}

// ECDSA is r || s in COSE (RFC 9053, 2.1), DER at PublicKey.
Result<void> check_signature(const Sign1Parts& parts, const PublicKey& key, ByteView external_aad) {
  const auto refusal = [](std::string cause) {
    return refuse("COSE-SIGNATURE", "the COSE message was not signed by the expected key",
                  std::move(cause));
  };
  const Bytes message = signed_bytes(*parts.protected_header, external_aad, *parts.payload);
  const std::size_t width = field_bytes(key.type());
  Bytes signature = *parts.signature;
  if (width != 0) {
    if (signature.size() != 2 * width) return refusal("a signature of impossible length");
    auto der = ecdsa_raw_to_der(signature);
    if (!der.has_value()) return refusal(describe(der.error()));
    signature = *std::move(der);
  }
  if (const auto verified = key.verify(own_hash(key.type()), message, signature);
      !verified.has_value())
    return refusal(describe(verified.error()));
  return {};
}

Result<Cbor> protected_map(const CoseHeader& header, std::int64_t algorithm) {
  Cbor map(Cbor::Map{{kCoseAlgorithm, algorithm}});
  if (header.content_type.has_value())
    map.set(kCoseContentType,
            std::visit([](const auto& type) { return Cbor(type); }, *header.content_type));
  if (!header.key_id.empty()) map.set(kCoseKeyId, header.key_id);
  for (const auto& [label, value] : header.others) {
    if (label >= CborKey(kCoseAlgorithm) && label <= CborKey(kCoseKeyId))
      return bad_header("label " + label.name() + " has a place of its own");
    map.set(label, value);
  }
  return map;
}

}  // namespace

const Cbor* CoseHeader::find(const CborKey& label) const {
  const auto found = std::ranges::find(others, label, &Cbor::Map::value_type::first);
  return found == others.end() ? nullptr : &found->second;
}

Result<VerifiedCose> verify_cose_sign1(ByteView message, const PublicKey& key,
                                       const CoseSign1Options& options) {
  const auto decoded = codec::parse_cbor(message, {.max_bytes = kMaxMessage});
  if (!decoded.has_value()) return malformed(describe(decoded.error()));
  VEDETTE_TRY(const Sign1Parts parts, split(*decoded, options.tag));
  VEDETTE_TRY(const Cbor protected_header, parse_protected(*parts.protected_header));
  VEDETTE_CHECK(check_disjoint(protected_header, *parts.unprotected_header));
  VEDETTE_CHECK(check_algorithm(protected_header, key.type()));
  VEDETTE_CHECK(check_critical(protected_header, *parts.unprotected_header, options.understood));
  VEDETTE_TRY(CoseHeader header, read_header(protected_header));
  VEDETTE_CHECK(check_signature(parts, key, options.external_aad));
  return VerifiedCose(CoseMessage::VerificationKey(),
                      CoseMessage{.payload = *parts.payload, .header = std::move(header)});
}

Result<CoseMessage> read_unverified_cose_sign1(ByteView message, CoseTag tag) {
  const auto decoded = codec::parse_cbor(message, {.max_bytes = kMaxMessage});
  if (!decoded.has_value()) return malformed(describe(decoded.error()));
  VEDETTE_TRY(const Sign1Parts parts, split(*decoded, tag));
  VEDETTE_TRY(const Cbor protected_header, parse_protected(*parts.protected_header));
  VEDETTE_CHECK(check_disjoint(protected_header, *parts.unprotected_header));
  VEDETTE_TRY(CoseHeader header, read_header(protected_header));
  return CoseMessage{.payload = *parts.payload, .header = std::move(header)};
}

Result<Bytes> sign_cose_sign1(const CoseHeader& header, ByteView payload, const PrivateKey& key,
                              const CoseSign1Options& options) {
  const KeyType type = key.public_key().type();
  VEDETTE_TRY(const std::int64_t algorithm, algorithm_of(type));
  VEDETTE_TRY(const Cbor map, protected_map(header, algorithm));
  const Bytes encoded = codec::to_cbor(map);
  VEDETTE_TRY(Bytes signature, key.sign(signed_bytes(encoded, options.external_aad, payload)));
  if (const std::size_t width = field_bytes(type); width != 0) {
    VEDETTE_TRY(signature, ecdsa_der_to_raw(signature, width));
  }
  Cbor message(Cbor::Array{encoded, Cbor::Map(), payload, std::move(signature)});
  if (options.tag != CoseTag::forbidden) message = Cbor::tagged(kSign1Tag, std::move(message));
  Bytes written = codec::to_cbor(message);
  if (written.size() > kMaxMessage) return malformed("larger than 1 MiB");
  return written;
}

}  // namespace vedette::crypto
