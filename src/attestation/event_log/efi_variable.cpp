#include "attestation/event_log/efi_variable.h"

#include "attestation/event_log/efi_text.h"
#include "attestation/measurement/little_endian.h"

namespace vedette::attestation {
namespace {

using codec::ByteReader;

constexpr std::size_t kGuidOctets = 16;
constexpr std::size_t kMaxNameUnits = 512;
constexpr std::size_t kMaxSlack = 8;
constexpr std::uint32_t kListHeaderOctets = kGuidOctets + 4 + 4 + 4;

ByteReader variable_reader(ByteView data) {
  return {data, "ATT-LOG-VARIABLE", "a UEFI variable in the event log is malformed"};
}

// One EFI_SIGNATURE_LIST, the reader standing before it.
Result<std::size_t> read_signature_list(ByteReader& reader) {
  VEDETTE_TRY([[maybe_unused]] const ByteView type, reader.take("SignatureType", kGuidOctets));
  VEDETTE_TRY(const std::uint32_t list, read_u32_le(reader, "SignatureListSize"));
  VEDETTE_TRY(const std::uint32_t header, read_u32_le(reader, "SignatureHeaderSize"));
  VEDETTE_TRY(const std::uint32_t signature, read_u32_le(reader, "SignatureSize"));
  if (list < kListHeaderOctets || header > list - kListHeaderOctets)
    return reader.refuse_field("SignatureListSize", "less than what it holds");
  const std::uint32_t signatures = list - kListHeaderOctets - header;
  if (signature <= kGuidOctets || signatures % signature != 0)
    return reader.refuse_field("SignatureSize", "does not divide the list");
  VEDETTE_TRY([[maybe_unused]] const ByteView content,
              reader.take("Signatures", std::size_t{header} + signatures));
  return signatures / signature;
}

}  // namespace

Result<EfiVariable> parse_efi_variable(ByteView data) {
  ByteReader reader = variable_reader(data);
  VEDETTE_TRY(const ByteView vendor, reader.take("VariableName", kGuidOctets));
  VEDETTE_TRY(const std::uint64_t units, read_u64_le(reader, "UnicodeNameLength"));
  VEDETTE_TRY(const std::uint64_t octets, read_u64_le(reader, "VariableDataLength"));
  if (units > kMaxNameUnits) return reader.refuse_field("UnicodeNameLength", "too long");
  VEDETTE_TRY(const ByteView name, reader.take("UnicodeName", 2 * units));
  VEDETTE_TRY(const ByteView value, reader.take("VariableData", octets));
  if (reader.remaining() > kMaxSlack) return reader.refuse_field("end", "octets too many");
  const auto text = utf16_text(name);
  if (!text) return reader.refuse_field("UnicodeName", "not UTF-16");
  return EfiVariable{guid_text(vendor), *text, value};
}

Result<std::size_t> count_signatures(ByteView database) {
  ByteReader reader = variable_reader(database);
  std::size_t count = 0;
  while (reader.remaining() != 0) {
    VEDETTE_TRY(const std::size_t more, read_signature_list(reader));
    count += more;
  }
  return count;
}

Result<std::vector<std::uint16_t>> parse_boot_order(ByteView value) {
  ByteReader reader = variable_reader(value);
  std::vector<std::uint16_t> order;
  while (reader.remaining() != 0) {
    VEDETTE_TRY(const std::uint16_t option, read_u16_le(reader, "BootOrder"));
    order.push_back(option);
  }
  return order;
}

Result<std::string> boot_option_description(ByteView value) {
  ByteReader reader = variable_reader(value);
  VEDETTE_TRY([[maybe_unused]] const ByteView head, reader.take("Attributes", 4 + 2));
  Bytes description;
  for (;;) {
    VEDETTE_TRY(const ByteView unit, reader.take("Description", 2));
    if (unit[0] == 0 && unit[1] == 0) break;
    append(description, unit);
  }
  const auto text = utf16_text(description);
  if (!text) return reader.refuse_field("Description", "not UTF-16");
  return *text;
}

}  // namespace vedette::attestation
