#include "attestation/event_log/spec_id.h"

#include <algorithm>

#include "attestation/event_log/event_log.h"
#include "attestation/measurement/little_endian.h"

namespace vedette::attestation {
namespace {

using codec::ByteReader;

constexpr std::string_view kSignature = "Spec ID Event";
constexpr std::string_view kVersion03 = "Spec ID Event03";
constexpr std::size_t kSignatureOctets = 16;
constexpr std::size_t kMaxDigestOctets = 64;

bool starts_with(ByteView data, std::string_view text) {
  return data.size() >= text.size() && equal(data.first(text.size()), as_bytes(text));
}

// platformClass, specVersionMinor, specVersionMajor, specErrata and uintnSize judge nothing here.
Result<void> skip_versions(ByteReader& reader) {
  VEDETTE_TRY([[maybe_unused]] const ByteView signature,
              reader.take("signature", kSignatureOctets));
  VEDETTE_TRY([[maybe_unused]] const ByteView versions, reader.take("versions", 4 + 4));
  return {};
}

Result<AnnouncedBank> read_bank(ByteReader& reader, const std::vector<AnnouncedBank>& before) {
  VEDETTE_TRY(const std::uint16_t algorithm, read_u16_le(reader, "algorithmId"));
  VEDETTE_TRY(const std::uint16_t size, read_u16_le(reader, "digestSize"));
  const AnnouncedBank bank{static_cast<codec::TpmAlgorithm>(algorithm), size};
  const std::size_t known = codec::digest_size(bank.bank);
  if (known != 0 ? size != known : size == 0 || size > kMaxDigestOctets)
    return reader.refuse_field("digestSize", "not the algorithm's");
  if (std::ranges::find(before, bank.bank, &AnnouncedBank::bank) != before.end())
    return reader.refuse_field("algorithmId", "announced twice");
  return bank;
}

Result<std::vector<AnnouncedBank>> read_banks(ByteReader& reader) {
  VEDETTE_TRY(const std::uint32_t count, read_u32_le(reader, "numberOfAlgorithms"));
  if (count == 0 || count > kMaxLogBanks)
    return reader.refuse_field("numberOfAlgorithms", "not 1 to 8");
  std::vector<AnnouncedBank> banks;
  for (std::uint32_t i = 0; i < count; ++i) {
    VEDETTE_TRY(const AnnouncedBank bank, read_bank(reader, banks));
    banks.push_back(bank);
  }
  return banks;
}

}  // namespace

bool is_spec_id_event(ByteView data) {
  return starts_with(data, kSignature);
}

bool is_spec_id_event03(ByteView data) {
  return starts_with(data, kVersion03) && data.size() >= kSignatureOctets &&
         data[kVersion03.size()] == 0;
}

Result<std::vector<AnnouncedBank>> parse_spec_id_event03(ByteView data) {
  ByteReader reader(data, "ATT-LOG-SYNTAX", "the header of the event log is malformed");
  VEDETTE_CHECK(skip_versions(reader));
  VEDETTE_TRY(std::vector<AnnouncedBank> banks, read_banks(reader));
  VEDETTE_TRY(const std::uint8_t vendor_octets, reader.u8("vendorInfoSize"));
  VEDETTE_TRY([[maybe_unused]] const ByteView vendor, reader.take("vendorInfo", vendor_octets));
  VEDETTE_CHECK(reader.finish());
  return banks;
}

}  // namespace vedette::attestation
