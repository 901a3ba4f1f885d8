// Algorithm identifiers inside TPM structures: the part that the other TPM parsers share.
#pragma once

#include "codec/reader.h"
#include "codec/tpm.h"

namespace vedette::codec {

[[nodiscard]] ByteReader tpm_reader(ByteView bytes);

// TPM_ALG_ID; the value may be one that TpmAlgorithm does not name.
[[nodiscard]] Result<TpmAlgorithm> read_algorithm(ByteReader& reader, std::string_view field);

// TPMI_ALG_HASH without TPM_ALG_NULL: SHA-1, SHA-256, SHA-384 or SHA-512.
[[nodiscard]] Result<TpmAlgorithm> read_hash(ByteReader& reader, std::string_view field);

// Part 2, 11.2.4.5 and 11.2.5.1: the largest keys that we know, RSA-4096 and P-521.
inline constexpr std::size_t kMaxRsaOctets = 512;
inline constexpr std::size_t kMaxEccOctets = 66;
inline constexpr std::size_t kMaxDigestOctets = 64;

// TPMU_HA behind its algorithm (Part 2, 10.4.3 and 10.5.3): the bound of TPM2B_DATA and TPM2B_NAME.
inline constexpr std::size_t kMaxTaggedHashOctets = 2 + kMaxDigestOctets;

}  // namespace vedette::codec
