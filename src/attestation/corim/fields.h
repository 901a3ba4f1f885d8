// Reading what the CDDL of the draft says, one refusal for each way to differ from it. For the
// sources of this folder only.
#pragma once

#include <initializer_list>

#include "attestation/corim/corim.h"
#include "codec/cbor.h"

namespace vedette::attestation::corim {

// Tags of the draft and of RFC 8949, 9090, 9562.
inline constexpr std::uint64_t kTimeTag = 1;
inline constexpr std::uint64_t kUriTag = 32;
inline constexpr std::uint64_t kUuidTag = 37;
inline constexpr std::uint64_t kOidTag = 111;
inline constexpr std::uint64_t kCorimTag = 501;
inline constexpr std::uint64_t kComidTag = 506;
inline constexpr std::uint64_t kUeidTag = 550;
inline constexpr std::uint64_t kSvnTag = 552;
inline constexpr std::uint64_t kMinimumSvnTag = 553;
inline constexpr std::uint64_t kPkixKeyTag = 554;
inline constexpr std::uint64_t kBytesTag = 560;
inline constexpr std::uint64_t kMaskedRawTag = 563;

inline constexpr std::int64_t kMetaLabel = 8;
inline constexpr std::int64_t kCwtClaimsLabel = 15;

[[nodiscard]] std::unexpected<Error> malformed(std::string cause);
[[nodiscard]] std::unexpected<Error> unknown(std::string what);

// `what` names the item for the refusal. Required keys are there, all others are known. Keys that
// are text are unknown to every map of the draft that is read with this.
[[nodiscard]] Result<const codec::Cbor::Map*> map_of(const codec::Cbor& value,
                                                     std::string_view what,
                                                     std::initializer_list<std::int64_t> known,
                                                     std::initializer_list<std::int64_t> required);
[[nodiscard]] Result<const codec::Cbor::Array*> array_of(const codec::Cbor& value,
                                                         std::string_view what);  // not empty
[[nodiscard]] Result<std::string> text_of(const codec::Cbor& value, std::string_view what);
[[nodiscard]] Result<std::uint64_t> unsigned_of(const codec::Cbor& value, std::string_view what);
[[nodiscard]] Result<Bytes> bytes_of(const codec::Cbor& value, std::string_view what);
[[nodiscard]] Result<std::string> uri_of(const codec::Cbor& value, std::string_view what);
[[nodiscard]] Result<Uuid> uuid_of(const codec::Cbor& value, std::string_view what);  // untagged
[[nodiscard]] Result<Oid> oid_of(const codec::Cbor& value, std::string_view what);    // untagged
[[nodiscard]] Result<TagId> tag_id_of(const codec::Cbor& value, std::string_view what);
[[nodiscard]] Result<TimePoint> time_of(const codec::Cbor& value, std::string_view what);
[[nodiscard]] Result<TimePoint> time_of_seconds(const codec::Cbor& value, std::string_view what);
[[nodiscard]] Result<Validity> validity_of(const codec::Cbor& value, std::string_view what);
// How a value that is none of the choices is refused: an unknown tag by its number.
[[nodiscard]] std::unexpected<Error> no_choice(const codec::Cbor& value, std::string_view what);

[[nodiscard]] Result<ReferenceTriple> read_triple(const codec::Cbor& value);
[[nodiscard]] Result<Environment> read_environment(const codec::Cbor& value);
[[nodiscard]] Result<Measurement> read_measurement(const codec::Cbor& value);
// Adds a CoMID's identity and triples to `corim`.
[[nodiscard]] Result<void> read_comid(ByteView encoded, Corim& corim);
// The manifest behind tag 501, without signer and key.
[[nodiscard]] Result<Corim> read_manifest(ByteView encoded);
// The signer of corim-meta (header 8).
[[nodiscard]] Result<Signer> read_meta(ByteView encoded);

[[nodiscard]] codec::Cbor write_triple(const ReferenceTriple& triple);
[[nodiscard]] codec::Cbor write_validity(const Validity& validity);

}  // namespace vedette::attestation::corim
