#include "attestation/corim/fields.h"

namespace vedette::attestation::corim {
namespace {

using codec::Cbor;

constexpr std::size_t kMinUeid = 7;
constexpr std::size_t kMaxUeid = 33;

Result<ClassId> read_class_id(const Cbor& value) {
  if (const Cbor* const oid = value.content(kOidTag); oid != nullptr)
    return oid_of(*oid, "class id");
  if (const Cbor* const uuid = value.content(kUuidTag); uuid != nullptr)
    return uuid_of(*uuid, "class id");
  if (const Cbor* const bytes = value.content(kBytesTag); bytes != nullptr)
    return bytes_of(*bytes, "class id");
  return no_choice(value, "a class id");
}

Result<InstanceId> read_instance(const Cbor& value) {
  if (const Cbor* const ueid = value.content(kUeidTag); ueid != nullptr) {
    VEDETTE_TRY(Bytes octets, bytes_of(*ueid, "instance"));
    if (octets.size() < kMinUeid || octets.size() > kMaxUeid)
      return malformed("a UEID of impossible length");
    return Ueid{.octets = std::move(octets)};
  }
  if (const Cbor* const uuid = value.content(kUuidTag); uuid != nullptr)
    return uuid_of(*uuid, "instance");
  if (const Cbor* const bytes = value.content(kBytesTag); bytes != nullptr)
    return bytes_of(*bytes, "instance");
  return no_choice(value, "an instance");
}

Result<EnvironmentGroup> read_group(const Cbor& value) {
  if (const Cbor* const uuid = value.content(kUuidTag); uuid != nullptr)
    return uuid_of(*uuid, "group");
  if (const Cbor* const bytes = value.content(kBytesTag); bytes != nullptr)
    return bytes_of(*bytes, "group");
  return no_choice(value, "a group");
}

// class-map.
Result<void> read_class(const Cbor& value, Environment& environment) {
  VEDETTE_CHECK(map_of(value, "a class", {0, 1, 2, 3, 4}, {}));
  if (const Cbor* const id = value.find(0); id != nullptr) {
    VEDETTE_TRY(environment.class_id, read_class_id(*id));
  }
  if (const Cbor* const vendor = value.find(1); vendor != nullptr) {
    VEDETTE_TRY(environment.vendor, text_of(*vendor, "a vendor"));
  }
  if (const Cbor* const model = value.find(2); model != nullptr) {
    VEDETTE_TRY(environment.model, text_of(*model, "a model"));
  }
  if (const Cbor* const layer = value.find(3); layer != nullptr) {
    VEDETTE_TRY(environment.layer, unsigned_of(*layer, "a layer"));
  }
  if (const Cbor* const index = value.find(4); index != nullptr) {
    VEDETTE_TRY(environment.index, unsigned_of(*index, "an index"));
  }
  return {};
}

}  // namespace

Result<Environment> read_environment(const Cbor& value) {
  VEDETTE_CHECK(map_of(value, "an environment", {0, 1, 2}, {}));
  Environment result;
  if (const Cbor* const kind = value.find(0); kind != nullptr)
    VEDETTE_CHECK(read_class(*kind, result));
  if (const Cbor* const instance = value.find(1); instance != nullptr) {
    VEDETTE_TRY(result.instance, read_instance(*instance));
  }
  if (const Cbor* const group = value.find(2); group != nullptr) {
    VEDETTE_TRY(result.group, read_group(*group));
  }
  return result;
}

}  // namespace vedette::attestation::corim
