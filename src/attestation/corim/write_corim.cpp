#include "attestation/corim/fields.h"
#include "codec/utf8.h"
#include "crypto/cose.h"

namespace vedette::attestation::corim {
namespace {

using codec::Cbor;
using codec::CborKey;

Cbor write_oid(const Oid& oid) {
  return Cbor::tagged(kOidTag, oid.encoded);
}

Cbor write_uuid(const Uuid& uuid) {
  return Cbor::tagged(kUuidTag, ByteView(uuid.octets));
}

// The tagged choices of environments and measurement keys.
struct WriteChoice {
  Cbor operator()(const Oid& oid) const { return write_oid(oid); }
  Cbor operator()(const Uuid& uuid) const { return write_uuid(uuid); }
  Cbor operator()(const Ueid& ueid) const { return Cbor::tagged(kUeidTag, ueid.octets); }
  Cbor operator()(const Bytes& bytes) const { return Cbor::tagged(kBytesTag, bytes); }
  Cbor operator()(const std::string& text) const { return text; }
  Cbor operator()(std::uint64_t number) const { return number; }
  Cbor operator()(std::int64_t number) const { return number; }
  Cbor operator()(std::monostate) const { return {}; }
};

template <class... Choices>
Cbor write_choice(const std::variant<Choices...>& choice) {
  return std::visit(WriteChoice(), choice);
}

Cbor write_tag_id(const TagId& id) {
  if (const auto* text = std::get_if<std::string>(&id); text != nullptr) return *text;
  return ByteView(std::get<Uuid>(id).octets);
}

template <class T>
void set_if(Cbor& map, std::int64_t key, const std::optional<T>& value) {
  if (value.has_value()) map.set(key, Cbor(*value));
}

Cbor write_environment(const Environment& environment) {
  Cbor kind(Cbor::Map{});
  if (environment.class_id.has_value()) kind.set(0, write_choice(*environment.class_id));
  set_if(kind, 1, environment.vendor);
  set_if(kind, 2, environment.model);
  set_if(kind, 3, environment.layer);
  set_if(kind, 4, environment.index);
  Cbor result(Cbor::Map{});
  if (!kind.if_map()->empty()) result.set(0, std::move(kind));
  if (environment.instance.has_value()) result.set(1, write_choice(*environment.instance));
  if (environment.group.has_value()) result.set(2, write_choice(*environment.group));
  return result;
}

int algorithm_id(crypto::Hash hash) {
  switch (hash) {
    case crypto::Hash::sha256:
      return 1;
    case crypto::Hash::sha384:
      return 7;
    case crypto::Hash::sha512:
      return 8;
  }
  return 0;
}

Cbor write_digests(const std::vector<Digest>& digests) {
  Cbor::Array result;
  for (const Digest& digest : digests)
    result.emplace_back(Cbor::Array{algorithm_id(digest.algorithm), digest.value});
  return result;
}

Cbor write_raw(const RawValue& raw) {
  if (!raw.mask.has_value()) return Cbor::tagged(kBytesTag, raw.value);
  return Cbor::tagged(kMaskedRawTag, Cbor::Array{raw.value, *raw.mask});
}

Cbor write_version(const Version& version) {
  Cbor result(Cbor::Map{{0, version.text}});
  if (!std::holds_alternative<std::monostate>(version.scheme))
    result.set(1, write_choice(version.scheme));
  return result;
}

Cbor write_registers(const std::map<RegisterIndex, std::vector<Digest>>& registers) {
  Cbor result(Cbor::Map{});
  for (const auto& [index, digests] : registers) {
    const auto* const text = std::get_if<std::string>(&index);
    const CborKey key = text != nullptr
                            ? CborKey(*text)
                            : CborKey(static_cast<std::int64_t>(std::get<std::uint64_t>(index)));
    result.set(key, write_digests(digests));
  }
  return result;
}

Cbor write_values(const Measurement& measurement) {
  Cbor result(Cbor::Map{});
  if (measurement.version.has_value()) result.set(0, write_version(*measurement.version));
  if (measurement.svn.has_value())
    result.set(1, Cbor::tagged(measurement.svn->is_minimum ? kMinimumSvnTag : kSvnTag,
                               measurement.svn->value));
  if (!measurement.digests.empty()) result.set(2, write_digests(measurement.digests));
  if (!measurement.flags.empty()) {
    Cbor flags(Cbor::Map{});
    for (const auto& [flag, value] : measurement.flags)
      flags.set(int{static_cast<std::uint8_t>(flag)}, value);
    result.set(3, std::move(flags));
  }
  if (measurement.raw.has_value()) result.set(4, write_raw(*measurement.raw));
  set_if(result, 11, measurement.name);
  if (!measurement.registers.empty()) result.set(14, write_registers(measurement.registers));
  return result;
}

Cbor write_measurement(const Measurement& measurement) {
  Cbor result(Cbor::Map{});
  if (!std::holds_alternative<std::monostate>(measurement.key))
    result.set(0, write_choice(measurement.key));
  result.set(1, write_values(measurement));
  if (!measurement.authorized_by.empty()) {
    Cbor::Array keys;
    for (const crypto::PublicKey& key : measurement.authorized_by)
      keys.push_back(Cbor::tagged(kPkixKeyTag, key.pem()));
    result.set(2, std::move(keys));
  }
  return result;
}

Cbor write_triples(const std::vector<ReferenceTriple>& triples) {
  Cbor::Array result;
  for (const ReferenceTriple& triple : triples)
    result.push_back(write_triple(triple));
  return result;
}

Cbor write_comid(const Corim& corim) {
  Cbor triples(Cbor::Map{});
  if (!corim.reference.empty()) triples.set(0, write_triples(corim.reference));
  if (!corim.endorsed.empty()) triples.set(1, write_triples(corim.endorsed));
  Cbor identity(Cbor::Map{{0, write_tag_id(corim.tags.front().id)}});
  if (corim.tags.front().version != 0) identity.set(1, corim.tags.front().version);
  return Cbor::Map{{1, std::move(identity)}, {4, std::move(triples)}};
}

// The writer throws for text that is not UTF-8; names may come from anywhere.
bool all_utf8(const Cbor& value) {
  if (value.if_text() != nullptr) return codec::is_utf8(*value.if_text());
  if (value.if_tag().has_value()) return all_utf8(*value.content(*value.if_tag()));
  if (const auto* array = value.if_array(); array != nullptr) {
    for (const Cbor& element : *array)
      if (!all_utf8(element)) return false;
  }
  if (const auto* map = value.if_map(); map != nullptr) {
    for (const auto& [key, element] : *map)
      if (!all_utf8(element) || (key.if_text() != nullptr && !codec::is_utf8(*key.if_text())))
        return false;
  }
  return true;
}

Result<Bytes> encode(const Cbor& value) {
  if (!all_utf8(value)) return malformed("text that is not UTF-8");
  return codec::to_cbor(value);
}

}  // namespace

Cbor write_triple(const ReferenceTriple& triple) {
  Cbor::Array measurements;
  for (const Measurement& measurement : triple.measurements)
    measurements.push_back(write_measurement(measurement));
  return Cbor::Array{write_environment(triple.environment), std::move(measurements)};
}

Cbor write_validity(const Validity& validity) {
  Cbor result(Cbor::Map{});
  if (validity.not_before.has_value())
    result.set(0, Cbor::tagged(kTimeTag, to_unix_seconds(*validity.not_before)));
  return result.set(1, Cbor::tagged(kTimeTag, to_unix_seconds(validity.not_after)));
}

Result<Bytes> write_corim(const Corim& corim) {
  if (corim.tags.size() != 1) return malformed("exactly one tag identity is written");
  VEDETTE_TRY(Bytes comid, encode(write_comid(corim)));
  Cbor map(Cbor::Map{{0, write_tag_id(corim.id)},
                     {1, Cbor::Array{Cbor::tagged(kComidTag, std::move(comid))}}});
  if (const auto& profile = corim.profile; profile.has_value()) {
    const auto* const uri = std::get_if<std::string>(&*profile);
    map.set(3, uri != nullptr ? Cbor::tagged(kUriTag, *uri) : write_oid(std::get<Oid>(*profile)));
  }
  if (corim.validity.has_value()) map.set(4, write_validity(*corim.validity));
  VEDETTE_TRY(Bytes written, encode(Cbor::tagged(kCorimTag, std::move(map))));
  // What a verifier would refuse is not given out.
  VEDETTE_CHECK(read_manifest(written));
  return written;
}

Result<Bytes> sign_corim(ByteView manifest, const Signer& signer, const crypto::PrivateKey& key) {
  VEDETTE_CHECK(read_manifest(manifest));
  if (signer.name.empty()) return malformed("the signer has no name");
  Cbor name(Cbor::Map{{0, signer.name}});
  if (signer.uri.has_value()) name.set(1, Cbor::tagged(kUriTag, *signer.uri));
  Cbor meta(Cbor::Map{{0, std::move(name)}});
  if (signer.validity.has_value()) meta.set(1, write_validity(*signer.validity));
  VEDETTE_TRY(Bytes encoded, encode(meta));
  VEDETTE_CHECK(read_meta(encoded));
  const auto key_id = key.public_key().spki_sha256();
  return crypto::sign_cose_sign1({.content_type = std::string(kContentType),
                                  .key_id = to_bytes(ByteView(key_id)),
                                  .others = {{kMetaLabel, std::move(encoded)}}},
                                 manifest, key);
}

}  // namespace vedette::attestation::corim
