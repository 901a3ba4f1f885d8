#include "attestation/corim/fields.h"

#include <algorithm>

namespace vedette::attestation::corim {

using codec::Cbor;

namespace {

constexpr std::uint64_t kLatest = 253'402'300'799;  // 9999-12-31T23:59:59Z
constexpr std::size_t kMaxOid = 64;

}  // namespace

std::unexpected<Error> malformed(std::string cause) {
  return refuse("CORIM-SYNTAX", "this is not a well-formed reference integrity manifest",
                std::move(cause));
}

std::unexpected<Error> unknown(std::string what) {
  return refuse("CORIM-UNKNOWN", "the manifest says something that is not understood here",
                std::move(what), "nothing of a manifest is ignored; take out what is named");
}

std::unexpected<Error> no_choice(const Cbor& value, std::string_view what) {
  if (const auto tag = value.if_tag(); tag.has_value())
    return unknown(std::string(what) + " with tag " + std::to_string(*tag));
  return malformed(std::string(what) + " has another type than the draft's");
}

Result<const Cbor::Map*> map_of(const Cbor& value, std::string_view what,
                                std::initializer_list<std::int64_t> known,
                                std::initializer_list<std::int64_t> required) {
  const auto* const map = value.if_map();
  if (map == nullptr) return malformed(std::string(what) + " is no map");
  if (map->empty()) return malformed(std::string(what) + " is empty");
  for (const auto& member : *map) {
    const std::int64_t* const key = member.first.if_integer();
    if (key == nullptr || std::ranges::find(known, *key) == known.end())
      return unknown("key " + member.first.name() + " of " + std::string(what));
  }
  for (const std::int64_t key : required)
    if (value.find(key) == nullptr)
      return malformed(std::string(what) + " lacks key " + std::to_string(key));
  return map;
}

Result<const Cbor::Array*> array_of(const Cbor& value, std::string_view what) {
  const auto* const array = value.if_array();
  if (array == nullptr || array->empty())
    return malformed(std::string(what) + " is no list of one or more");
  return array;
}

Result<std::string> text_of(const Cbor& value, std::string_view what) {
  if (value.if_text() == nullptr) return no_choice(value, what);
  return *value.if_text();
}

Result<std::uint64_t> unsigned_of(const Cbor& value, std::string_view what) {
  if (value.if_unsigned() == nullptr) return no_choice(value, what);
  return *value.if_unsigned();
}

Result<Bytes> bytes_of(const Cbor& value, std::string_view what) {
  if (value.if_bytes() == nullptr) return no_choice(value, what);
  return *value.if_bytes();
}

Result<std::string> uri_of(const Cbor& value, std::string_view what) {
  const Cbor* const content = value.content(kUriTag);
  return text_of(content != nullptr ? *content : value, what);
}

Result<Uuid> uuid_of(const Cbor& value, std::string_view what) {
  VEDETTE_TRY(const Bytes octets, bytes_of(value, what));
  Uuid result;
  if (octets.size() != result.octets.size()) return malformed(std::string(what) + " is no UUID");
  std::ranges::copy(octets, result.octets.begin());
  return result;
}

Result<Oid> oid_of(const Cbor& value, std::string_view what) {
  VEDETTE_TRY(Bytes encoded, bytes_of(value, what));
  // The last octet of an arc has its top bit clear, and no arc begins with padding (X.690, 8.19).
  bool starts_arc = true;
  for (const std::uint8_t octet : encoded) {
    if (starts_arc && octet == 0x80)
      return malformed(std::string(what) + " is no object identifier");
    starts_arc = (octet & 0x80U) == 0;
  }
  if (encoded.empty() || encoded.size() > kMaxOid || !starts_arc)
    return malformed(std::string(what) + " is no object identifier");
  return Oid{.encoded = std::move(encoded)};
}

Result<TagId> tag_id_of(const Cbor& value, std::string_view what) {
  if (value.if_bytes() != nullptr) return uuid_of(value, what);
  VEDETTE_TRY(std::string text, text_of(value, what));
  if (text.empty()) return malformed(std::string(what) + " is empty");
  return TagId(std::move(text));
}

Result<TimePoint> time_of_seconds(const Cbor& value, std::string_view what) {
  VEDETTE_TRY(const std::uint64_t seconds, unsigned_of(value, what));
  if (seconds > kLatest) return malformed(std::string(what) + " is beyond the year 9999");
  return from_unix_seconds(static_cast<std::int64_t>(seconds));
}

Result<TimePoint> time_of(const Cbor& value, std::string_view what) {
  const Cbor* const seconds = value.content(kTimeTag);
  if (seconds == nullptr) return no_choice(value, what);
  return time_of_seconds(*seconds, what);
}

Result<Validity> validity_of(const Cbor& value, std::string_view what) {
  VEDETTE_CHECK(map_of(value, what, {0, 1}, {1}));
  Validity result;
  if (const Cbor* const start = value.find(0); start != nullptr) {
    VEDETTE_TRY(result.not_before, time_of(*start, "not-before"));
  }
  VEDETTE_TRY(result.not_after, time_of(*value.find(1), "not-after"));
  if (result.not_before.has_value() && *result.not_before > result.not_after)
    return malformed(std::string(what) + " ends before it begins");
  return result;
}

}  // namespace vedette::attestation::corim
