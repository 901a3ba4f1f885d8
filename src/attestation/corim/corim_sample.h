// A manifest for the tests of this folder, and the same as CBOR to break it piece by piece.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "attestation/corim/corim.h"
#include "codec/cbor.h"
#include "crypto/cose.h"

namespace vedette::attestation::corim {

using codec::Cbor;

inline const TimePoint kNow = from_unix_seconds(1'800'000'000);
inline constexpr std::chrono::hours kDay{24};

// The code of a refusal; empty when there is none.
template <class T>
[[nodiscard]] std::string code_of(const Result<T>& result) {
  return result.has_value() ? std::string() : result.error().code;
}

inline Uuid sample_uuid() {
  Uuid uuid;
  uuid.octets.fill(7);
  return uuid;
}

// Every member of every structure.
inline Corim full_manifest() {
  Measurement first;
  first.key = std::string("firmware");
  first.version = Version{.text = "1.2.3", .scheme = std::int64_t{16384}};
  first.svn = Svn{.value = 4, .is_minimum = true};
  first.digests = {{crypto::Hash::sha256, Bytes(32, 1)}, {crypto::Hash::sha512, Bytes(64, 2)}};
  first.flags = {{Flag::secure, true}, {Flag::debug, false}};
  first.raw = RawValue{.value = {1, 2}, .mask = Bytes{0xFF, 0}};
  first.name = "boot loader";
  first.registers[std::uint64_t{7}] = {{crypto::Hash::sha384, Bytes(48, 3)}};
  first.registers[std::string("rtmr0")] = {{crypto::Hash::sha256, Bytes(32, 4)}};
  first.authorized_by = {crypto::PrivateKey::generate_p256().public_key()};
  Measurement second;
  second.key = Oid{.encoded = {0x2B, 0x06, 0x01}};
  second.svn = Svn{.value = 5};
  Corim corim;
  corim.id = std::string("manifest-1");
  corim.profile = std::string("https://profile.example/1");
  corim.validity = Validity{.not_before = kNow - kDay, .not_after = kNow + kDay};
  corim.tags = {{.id = sample_uuid(), .version = 3}};
  const Environment environment{.class_id = Oid{.encoded = {0x2B, 0x06, 0x02}},
                                .vendor = "ACME",
                                .model = "Road Runner",
                                .layer = 1,
                                .index = 2,
                                .instance = Ueid{.octets = Bytes(17, 1)},
                                .group = sample_uuid()};
  corim.reference = {{.environment = environment, .measurements = {first, second}}};
  corim.endorsed = {{.environment = {.instance = Bytes{1, 2, 3}}, .measurements = {second}}};
  return corim;
}

// The smallest parts that are accepted.
inline Cbor digest(Cbor algorithm = 1, std::size_t octets = 32) {
  return Cbor::Array{std::move(algorithm), Bytes(octets, 1)};
}
inline Cbor measurement(std::int64_t key, Cbor value) {
  return Cbor::Map{{1, Cbor::Map{{key, std::move(value)}}}};
}
inline Cbor environment() {
  return Cbor::Map{{0, Cbor::Map{{1, "ACME"}}}};
}
inline Cbor triple(Cbor environment_map, Cbor measurement_map) {
  return Cbor::Array{std::move(environment_map), Cbor::Array{std::move(measurement_map)}};
}
inline Cbor triple(Cbor measurement_map) {
  return triple(environment(), std::move(measurement_map));
}
inline Cbor good_triple() {
  return triple(measurement(2, Cbor::Array{digest()}));
}
inline Cbor comid(Cbor triples) {
  return Cbor::Map{{1, Cbor::Map{{0, "tag-1"}}}, {4, std::move(triples)}};
}
inline Cbor good_comid() {
  return comid(Cbor::Map{{0, Cbor::Array{good_triple()}}});
}
inline Cbor manifest(const Cbor& comid_map) {
  return Cbor::Map{{0, "manifest-1"},
                   {1, Cbor::Array{Cbor::tagged(506, codec::to_cbor(comid_map))}}};
}
inline Bytes encode(Cbor map) {
  return codec::to_cbor(Cbor::tagged(501, std::move(map)));
}

// Reading alone, without a signature.
inline Result<Verified<Corim>> read(const Bytes& unsigned_manifest) {
  return verify_corim(unsigned_manifest, {.now = kNow, .insecure_accept_unsigned = true});
}
inline std::string read_code(Cbor map) {
  return code_of(read(encode(std::move(map))));
}
// The cause of a refusal, behind its code.
inline std::string read_cause(Cbor map) {
  const auto result = read(encode(std::move(map)));
  return result.has_value() ? "" : result.error().code + " " + result.error().cause;
}
inline std::string triple_cause(Cbor reference_triple) {
  return read_cause(manifest(comid(Cbor::Map{{0, Cbor::Array{std::move(reference_triple)}}})));
}

}  // namespace vedette::attestation::corim
