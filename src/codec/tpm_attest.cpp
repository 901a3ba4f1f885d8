#include "codec/tpm_algorithm.h"

namespace vedette::codec {
namespace {

constexpr std::uint32_t kGenerated = 0xFF544347;  // TPM_GENERATED_VALUE (Part 2, 6.2)
constexpr std::uint16_t kCertify = 0x8017;        // TPM_ST_ATTEST_* (Part 2, 6.9)
constexpr std::uint16_t kQuote = 0x8018;

constexpr std::uint32_t kMaxSelections = 16;
constexpr std::uint8_t kMaxSelectOctets = 4;
constexpr std::size_t kRegisters = 24;

// TPMS_PCR_SELECTION (Part 2, 10.6.2): register n is bit n mod 8 of octet n div 8.
Result<TpmPcrSelection> read_selection(ByteReader& reader) {
  TpmPcrSelection selection;
  VEDETTE_TRY(selection.bank, read_hash(reader, "PCR bank"));
  VEDETTE_TRY(const std::uint8_t size, reader.u8("sizeofSelect"));
  if (size < 1 || size > kMaxSelectOctets)
    return reader.refuse_field("sizeofSelect", "must be 1 to 4");
  VEDETTE_TRY(const ByteView select, reader.take("pcrSelect", size));
  for (std::size_t i = 0; i < select.size() * 8; ++i) {
    const std::uint32_t octet = select[i / 8];
    if (((octet >> (i % 8)) & 1U) == 0) continue;
    if (i >= kRegisters) return reader.refuse_field("pcrSelect", "a register above 23");
    selection.registers.push_back(static_cast<std::uint8_t>(i));
  }
  return selection;
}

// TPML_PCR_SELECTION (Part 2, 10.9.7).
Result<std::vector<TpmPcrSelection>> read_selections(ByteReader& reader) {
  VEDETTE_TRY(const std::uint32_t count, reader.u32("selection count"));
  if (count > kMaxSelections) return reader.refuse_field("selection count", "more than 16");
  std::vector<TpmPcrSelection> selections;
  for (std::uint32_t i = 0; i < count; ++i) {
    VEDETTE_TRY(TpmPcrSelection selection, read_selection(reader));
    selections.push_back(std::move(selection));
  }
  return selections;
}

Result<Bytes> read_copy(ByteReader& reader, std::string_view field, std::size_t max_octets) {
  VEDETTE_TRY(const ByteView octets, reader.sized16(field, max_octets));
  return to_bytes(octets);
}

// TPMS_CLOCK_INFO (Part 2, 10.11.1).
Result<TpmClockInfo> read_clock(ByteReader& reader) {
  TpmClockInfo clock;
  VEDETTE_TRY(clock.clock, reader.u64("clock"));
  VEDETTE_TRY(clock.reset_count, reader.u32("resetCount"));
  VEDETTE_TRY(clock.restart_count, reader.u32("restartCount"));
  VEDETTE_TRY(const std::uint8_t safe, reader.u8("safe"));
  if (safe > 1) return reader.refuse_field("safe", "neither yes nor no");
  clock.safe = safe == 1;
  return clock;
}

// TPMS_QUOTE_INFO (Part 2, 10.12.4).
Result<TpmQuoteInfo> read_quote(ByteReader& reader) {
  TpmQuoteInfo quote;
  VEDETTE_TRY(quote.selections, read_selections(reader));
  VEDETTE_TRY(quote.pcr_digest, read_copy(reader, "pcrDigest", kMaxDigestOctets));
  return quote;
}

// TPMS_CERTIFY_INFO (Part 2, 10.12.3).
Result<TpmCertifyInfo> read_certify(ByteReader& reader) {
  TpmCertifyInfo certify;
  VEDETTE_TRY(certify.name, read_copy(reader, "name", kMaxTaggedHashOctets));
  VEDETTE_TRY(certify.qualified_name, read_copy(reader, "qualifiedName", kMaxTaggedHashOctets));
  return certify;
}

}  // namespace

Result<std::vector<TpmPcrSelection>> parse_pcr_selections(ByteView bytes) {
  ByteReader reader = tpm_reader(bytes);
  VEDETTE_TRY(std::vector<TpmPcrSelection> selections, read_selections(reader));
  VEDETTE_CHECK(reader.finish());
  return selections;
}

Result<TpmAttest> parse_tpms_attest(ByteView bytes) {
  ByteReader reader = tpm_reader(bytes);
  VEDETTE_TRY(const std::uint32_t magic, reader.u32("magic"));
  if (magic != kGenerated)
    return refuse("TPM-MAGIC", "the signed statement was not made by a TPM itself",
                  "magic " + std::to_string(magic));
  VEDETTE_TRY(const std::uint16_t type, reader.u16("type"));
  if (type != kQuote && type != kCertify)
    return refuse("TPM-ATTEST-TYPE", "the TPM's statement is neither a quote nor a certification",
                  "type " + std::to_string(type));
  TpmAttest attest;
  VEDETTE_TRY(attest.qualified_signer, read_copy(reader, "qualifiedSigner", kMaxTaggedHashOctets));
  VEDETTE_TRY(attest.extra_data, read_copy(reader, "extraData", kMaxTaggedHashOctets));
  VEDETTE_TRY(attest.clock, read_clock(reader));
  VEDETTE_TRY(attest.firmware_version, reader.u64("firmwareVersion"));
  if (type == kQuote) {
    VEDETTE_TRY(attest.info, read_quote(reader));
  } else {
    VEDETTE_TRY(attest.info, read_certify(reader));
  }
  VEDETTE_CHECK(reader.finish());
  return attest;
}

}  // namespace vedette::codec
