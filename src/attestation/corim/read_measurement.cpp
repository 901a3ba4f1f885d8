#include <algorithm>

#include "attestation/corim/fields.h"

namespace vedette::attestation::corim {
namespace {

using codec::Cbor;
using crypto::Hash;

// Keys of measurement-values-map.
constexpr std::int64_t kVersion = 0;
constexpr std::int64_t kSvn = 1;
constexpr std::int64_t kDigests = 2;
constexpr std::int64_t kFlags = 3;
constexpr std::int64_t kRaw = 4;
constexpr std::int64_t kRawMask = 5;
constexpr std::int64_t kName = 11;
constexpr std::int64_t kRegisters = 14;
constexpr std::int64_t kLastFlag = std::int64_t{9};

struct KnownHash {
  std::int64_t id;  // IANA, Named Information Hash Algorithm Registry
  std::string_view name;
  Hash hash;
  std::size_t octets;
};
constexpr KnownHash kHashes[] = {{1, "sha-256", Hash::sha256, 32},
                                 {7, "sha-384", Hash::sha384, 48},
                                 {8, "sha-512", Hash::sha512, 64}};

Result<const KnownHash*> read_algorithm(const Cbor& value) {
  for (const KnownHash& known : kHashes)
    if (value.if_integer() == known.id ||
        (value.if_text() != nullptr && *value.if_text() == known.name))
      return &known;
  if (value.if_text() != nullptr)
    return unknown("digest algorithm '" + value.if_text()->substr(0, 40) + "'");
  if (value.if_integer().has_value())
    return unknown("digest algorithm " + std::to_string(*value.if_integer()));
  return no_choice(value, "a digest algorithm");
}

Result<Digest> read_digest(const Cbor& value) {
  VEDETTE_TRY(const auto* const parts, array_of(value, "a digest"));
  if (parts->size() != 2) return malformed("a digest is no pair");
  VEDETTE_TRY(const KnownHash* const algorithm, read_algorithm((*parts)[0]));
  VEDETTE_TRY(Bytes octets, bytes_of((*parts)[1], "the value of a digest"));
  if (octets.size() != algorithm->octets)
    return malformed("a " + std::string(algorithm->name) + " digest of " +
                     std::to_string(octets.size()) + " octets");
  return Digest{.algorithm = algorithm->hash, .value = std::move(octets)};
}

Result<std::vector<Digest>> read_digests(const Cbor& value) {
  VEDETTE_TRY(const auto* const list, array_of(value, "digests"));
  std::vector<Digest> result;
  for (const Cbor& element : *list) {
    VEDETTE_TRY(Digest digest, read_digest(element));
    // Two values for one algorithm can never both match.
    if (std::ranges::find(result, digest.algorithm, &Digest::algorithm) != result.end())
      return malformed("one list has two digests of one algorithm");
    result.push_back(std::move(digest));
  }
  return result;
}

Result<MeasurementKey> read_key(const Cbor& value) {
  if (value.if_text() != nullptr) return MeasurementKey(*value.if_text());
  if (value.if_unsigned() != nullptr) return MeasurementKey(*value.if_unsigned());
  if (const Cbor* const uuid = value.content(kUuidTag); uuid != nullptr)
    return uuid_of(*uuid, "a measurement key");
  if (const Cbor* const oid = value.content(kOidTag); oid != nullptr)
    return oid_of(*oid, "a measurement key");
  return no_choice(value, "a measurement key");
}

Result<Version> read_version(const Cbor& value) {
  VEDETTE_CHECK(map_of(value, "a version", {0, 1}, {0}));
  Version result;
  VEDETTE_TRY(result.text, text_of(*value.find(0), "a version"));
  if (const Cbor* const scheme = value.find(1); scheme != nullptr) {
    if (scheme->if_integer().has_value())
      result.scheme = *scheme->if_integer();
    else if (scheme->if_text() != nullptr)
      result.scheme = *scheme->if_text();
    else
      return no_choice(*scheme, "a version scheme");
  }
  return result;
}

Result<Svn> read_svn(const Cbor& value) {
  Svn result;
  const Cbor* number = value.content(kSvnTag);
  if (const Cbor* const minimum = value.content(kMinimumSvnTag); minimum != nullptr) {
    result.is_minimum = true;
    number = minimum;
  }
  VEDETTE_TRY(result.value, unsigned_of(number != nullptr ? *number : value, "a security version"));
  return result;
}

Result<std::map<Flag, bool>> read_flags(const Cbor& value) {
  VEDETTE_TRY(const auto* const members,
              map_of(value, "flags", {0, 1, 2, 3, 4, 5, 6, 7, 8, kLastFlag}, {}));
  std::map<Flag, bool> result;
  for (const auto& [key, flag] : *members) {
    if (flag.if_bool() == nullptr) return no_choice(flag, "a flag");
    result.emplace(static_cast<Flag>(*key.if_integer()), *flag.if_bool());
  }
  return result;
}

// raw-value and, for tag 560, the older raw-value-mask beside it.
Result<RawValue> read_raw(const Cbor& value, const Cbor* mask) {
  RawValue result;
  if (const Cbor* const masked = value.content(kMaskedRawTag); masked != nullptr) {
    VEDETTE_TRY(const auto* const parts, array_of(*masked, "a masked raw value"));
    if (parts->size() != 2 || mask != nullptr) return malformed("a masked raw value is no pair");
    VEDETTE_TRY(result.value, bytes_of((*parts)[0], "a raw value"));
    VEDETTE_TRY(result.mask, bytes_of((*parts)[1], "a mask"));
  } else {
    const Cbor* const bytes = value.content(kBytesTag);
    if (bytes == nullptr) return no_choice(value, "a raw value");
    VEDETTE_TRY(result.value, bytes_of(*bytes, "a raw value"));
    if (mask != nullptr) {
      VEDETTE_TRY(result.mask, bytes_of(*mask, "a mask"));
    }
  }
  if (result.mask.has_value() && result.mask->size() != result.value.size())
    return malformed("a mask of another length than its raw value");
  return result;
}

Result<std::map<RegisterIndex, std::vector<Digest>>> read_registers(const Cbor& value) {
  const auto* const members = value.if_map();
  if (members == nullptr || members->empty())
    return malformed("integrity registers are no map of one or more");
  std::map<RegisterIndex, std::vector<Digest>> result;
  for (const auto& [key, digests] : *members) {
    VEDETTE_TRY(std::vector<Digest> list, read_digests(digests));
    if (key.if_text() != nullptr)
      result.emplace(*key.if_text(), std::move(list));
    else if (*key.if_integer() >= 0)
      result.emplace(static_cast<std::uint64_t>(*key.if_integer()), std::move(list));
    else
      return malformed("an integrity register below zero");
  }
  return result;
}

// Values that have a name in the draft but no place in Measurement are refused by it.
Result<void> check_known(const Cbor& values) {
  struct Unread {
    std::int64_t key;
    const char* name;
  };
  for (const Unread unread :
       {Unread{6, "mac-addr"}, Unread{7, "ip-addr"}, Unread{8, "serial-number"}, Unread{9, "ueid"},
        Unread{10, "uuid"}, Unread{13, "cryptokeys"}, Unread{15, "int-range"}})
    if (values.find(unread.key) != nullptr)
      return unknown("the measured value " + std::string(unread.name));
  VEDETTE_CHECK(map_of(values, "measured values",
                       {kVersion, kSvn, kDigests, kFlags, kRaw, kRawMask, kName, kRegisters}, {}));
  if (values.find(kRawMask) != nullptr && values.find(kRaw) == nullptr)
    return malformed("a mask without a raw value");
  return {};
}

Result<void> read_values(const Cbor& values, Measurement& result) {
  VEDETTE_CHECK(check_known(values));
  if (const Cbor* const version = values.find(kVersion); version != nullptr) {
    VEDETTE_TRY(result.version, read_version(*version));
  }
  if (const Cbor* const svn = values.find(kSvn); svn != nullptr) {
    VEDETTE_TRY(result.svn, read_svn(*svn));
  }
  if (const Cbor* const digests = values.find(kDigests); digests != nullptr) {
    VEDETTE_TRY(result.digests, read_digests(*digests));
  }
  if (const Cbor* const flags = values.find(kFlags); flags != nullptr) {
    VEDETTE_TRY(result.flags, read_flags(*flags));
  }
  if (const Cbor* const raw = values.find(kRaw); raw != nullptr) {
    VEDETTE_TRY(result.raw, read_raw(*raw, values.find(kRawMask)));
  }
  if (const Cbor* const name = values.find(kName); name != nullptr) {
    VEDETTE_TRY(result.name, text_of(*name, "a name"));
  }
  if (const Cbor* const registers = values.find(kRegisters); registers != nullptr) {
    VEDETTE_TRY(result.registers, read_registers(*registers));
  }
  return {};
}

// crypto-key-type-choice: a SubjectPublicKeyInfo in PEM alone.
Result<std::vector<crypto::PublicKey>> read_authorities(const Cbor& value) {
  VEDETTE_TRY(const auto* const list, array_of(value, "authorised-by"));
  std::vector<crypto::PublicKey> result;
  for (const Cbor& element : *list) {
    const Cbor* const pem = element.content(kPkixKeyTag);
    if (pem == nullptr) return no_choice(element, "an authorising key");
    VEDETTE_TRY(const std::string text, text_of(*pem, "an authorising key"));
    auto key = crypto::PublicKey::from_pem(text);
    if (!key.has_value()) return malformed("an authorising key: " + describe(key.error()));
    result.push_back(*std::move(key));
  }
  return result;
}

}  // namespace

Result<Measurement> read_measurement(const Cbor& value) {
  VEDETTE_CHECK(map_of(value, "a measurement", {0, 1, 2}, {1}));
  Measurement result;
  if (const Cbor* const key = value.find(0); key != nullptr) {
    VEDETTE_TRY(result.key, read_key(*key));
  }
  VEDETTE_CHECK(read_values(*value.find(1), result));
  if (const Cbor* const authorities = value.find(2); authorities != nullptr) {
    VEDETTE_TRY(result.authorized_by, read_authorities(*authorities));
  }
  return result;
}

}  // namespace vedette::attestation::corim
