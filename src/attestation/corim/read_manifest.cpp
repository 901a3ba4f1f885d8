#include <algorithm>

#include "attestation/corim/fields.h"

namespace vedette::attestation::corim {
namespace {

using codec::Cbor;

constexpr std::size_t kMaxTags = 256;

Result<Cbor> decode(ByteView encoded, std::string_view what) {
  auto value = codec::parse_cbor(encoded);
  if (!value.has_value()) return malformed(std::string(what) + ": " + describe(value.error()));
  return value;
}

// Keys of triples-map beyond those that are read.
Result<void> check_triple_kinds(const Cbor& triples) {
  struct Unread {
    std::int64_t key;
    const char* name;
  };
  for (const Unread unread :
       {Unread{2, "identity"}, Unread{3, "attest-key"}, Unread{4, "dependency"},
        Unread{5, "membership"}, Unread{6, "CoSWID"}, Unread{8, "conditional endorsement series"},
        Unread{9, "multi-environment conditional endorsement"},
        Unread{10, "conditional endorsement"}})
    if (triples.find(unread.key) != nullptr) return unknown(std::string(unread.name) + " triples");
  VEDETTE_CHECK(map_of(triples, "triples", {0, 1}, {}));
  return {};
}

Result<void> read_triples(const Cbor* list, std::vector<ReferenceTriple>& result) {
  if (list == nullptr) return {};
  VEDETTE_TRY(const auto* const records, array_of(*list, "a list of triples"));
  for (const Cbor& record : *records) {
    VEDETTE_TRY(ReferenceTriple triple, read_triple(record));
    result.push_back(std::move(triple));
  }
  return {};
}

Result<TagIdentity> read_identity(const Cbor& value) {
  VEDETTE_CHECK(map_of(value, "a tag identity", {0, 1}, {0}));
  TagIdentity result;
  VEDETTE_TRY(result.id, tag_id_of(*value.find(0), "a tag id"));
  if (const Cbor* const version = value.find(1); version != nullptr) {
    VEDETTE_TRY(result.version, unsigned_of(*version, "a tag version"));
  }
  return result;
}

Result<void> check_entities(const Cbor* entities) {
  if (entities != nullptr) VEDETTE_CHECK(array_of(*entities, "entities"));
  return {};
}

Result<Profile> read_profile(const Cbor& value) {
  if (const Cbor* const oid = value.content(kOidTag); oid != nullptr)
    return oid_of(*oid, "a profile");
  // Older drafts have a list of them.
  if (value.if_array() != nullptr) return unknown("a list of profiles");
  return uri_of(value, "a profile");
}

Result<void> read_tag(const Cbor& tag, Corim& corim) {
  if (tag.if_tag() == std::uint64_t{505}) return unknown("a CoSWID tag");
  if (tag.if_tag() == std::uint64_t{507}) return unknown("a CoTS tag");
  if (tag.if_tag() == std::uint64_t{508}) return unknown("a CoTL tag");
  const Cbor* const comid = tag.content(kComidTag);
  if (comid == nullptr) return no_choice(tag, "a tag");
  VEDETTE_TRY(const Bytes encoded, bytes_of(*comid, "a CoMID"));
  return read_comid(encoded, corim);
}

}  // namespace

Result<ReferenceTriple> read_triple(const Cbor& value) {
  VEDETTE_TRY(const auto* const parts, array_of(value, "a triple"));
  if (parts->size() != 2) return malformed("a triple is no pair");
  ReferenceTriple result;
  VEDETTE_TRY(result.environment, read_environment((*parts)[0]));
  VEDETTE_TRY(const auto* const measurements,
              array_of((*parts)[1], "the measurements of a triple"));
  for (const Cbor& element : *measurements) {
    VEDETTE_TRY(Measurement measurement, read_measurement(element));
    result.measurements.push_back(std::move(measurement));
  }
  return result;
}

// concise-mid-tag.
Result<void> read_comid(ByteView encoded, Corim& corim) {
  VEDETTE_TRY(const Cbor comid, decode(encoded, "a CoMID"));
  if (comid.find(3) != nullptr) return unknown("tags that a CoMID supplements or replaces");
  VEDETTE_CHECK(map_of(comid, "a CoMID", {0, 1, 2, 4}, {1, 4}));
  if (const Cbor* const language = comid.find(0); language != nullptr)
    VEDETTE_CHECK(text_of(*language, "a language"));
  VEDETTE_CHECK(check_entities(comid.find(2)));
  VEDETTE_TRY(TagIdentity identity, read_identity(*comid.find(1)));
  if (std::ranges::find(corim.tags, identity.id, &TagIdentity::id) != corim.tags.end())
    return malformed("two CoMIDs have one identity");
  corim.tags.push_back(std::move(identity));
  const Cbor& triples = *comid.find(4);
  VEDETTE_CHECK(check_triple_kinds(triples));
  VEDETTE_CHECK(read_triples(triples.find(0), corim.reference));
  return read_triples(triples.find(1), corim.endorsed);
}

// corim-map.
Result<Corim> read_manifest(ByteView encoded) {
  VEDETTE_TRY(const Cbor tagged, decode(encoded, "the manifest"));
  const Cbor* const map = tagged.content(kCorimTag);
  if (map == nullptr) return malformed("the manifest lacks tag 501");
  if (map->find(2) != nullptr) return unknown("manifests that this one depends on");
  VEDETTE_CHECK(map_of(*map, "the manifest", {0, 1, 3, 4, 5}, {0, 1}));
  VEDETTE_CHECK(check_entities(map->find(5)));
  Corim result;
  VEDETTE_TRY(result.id, tag_id_of(*map->find(0), "the manifest's id"));
  if (const Cbor* const profile = map->find(3); profile != nullptr) {
    VEDETTE_TRY(result.profile, read_profile(*profile));
  }
  if (const Cbor* const validity = map->find(4); validity != nullptr) {
    VEDETTE_TRY(result.validity, validity_of(*validity, "the manifest's validity"));
  }
  VEDETTE_TRY(const auto* const tags, array_of(*map->find(1), "the manifest's tags"));
  if (tags->size() > kMaxTags) return malformed("more than 256 tags");
  for (const Cbor& tag : *tags)
    VEDETTE_CHECK(read_tag(tag, result));
  return result;
}

// corim-meta-map.
Result<Signer> read_meta(ByteView encoded) {
  VEDETTE_TRY(const Cbor meta, decode(encoded, "corim-meta"));
  VEDETTE_CHECK(map_of(meta, "corim-meta", {0, 1}, {0}));
  const Cbor& signer = *meta.find(0);
  VEDETTE_CHECK(map_of(signer, "the signer", {0, 1}, {0}));
  Signer result;
  VEDETTE_TRY(result.name, text_of(*signer.find(0), "the signer's name"));
  if (const Cbor* const uri = signer.find(1); uri != nullptr) {
    VEDETTE_TRY(result.uri, uri_of(*uri, "the signer's URI"));
  }
  if (const Cbor* const validity = meta.find(1); validity != nullptr) {
    VEDETTE_TRY(result.validity, validity_of(*validity, "the signature's validity"));
  }
  return result;
}

}  // namespace vedette::attestation::corim
