#include "attestation/ima/ima_fields.h"
#include "codec/reader.h"
#include "crypto/digest.h"

namespace vedette::attestation {
namespace {

using codec::ByteReader;

constexpr std::size_t kMaxTemplateName = 64;
constexpr std::size_t kMaxTemplateData = 4 * kMaxImaField;

Result<std::uint32_t> u32(ByteReader& reader, std::string_view field) {
  VEDETTE_TRY(const ByteView octets, reader.take(field, 4));
  return std::uint32_t{octets[0]} | std::uint32_t{octets[1]} << 8U |
         std::uint32_t{octets[2]} << 16U | std::uint32_t{octets[3]} << 24U;
}

Result<ByteView> sized(ByteReader& reader, std::string_view field, std::size_t max_octets) {
  VEDETTE_TRY(const std::uint32_t size, u32(reader, field));
  if (size > max_octets) return reader.refuse_field(field, "longer than it may be");
  return reader.take(field, size);
}

Result<ImaEntry> read_entry(ByteReader& reader, std::uint8_t pcr) {
  VEDETTE_TRY(const std::uint32_t number, u32(reader, "PCR"));
  if (number != pcr) return ima_of_another_pcr(number);
  VEDETTE_TRY(const ByteView sha1, reader.take("template hash", kSha1Octets));
  VEDETTE_TRY(const ByteView name, sized(reader, "template name", kMaxTemplateName));
  VEDETTE_TRY(const ImaTemplate kind, ima_template(as_text(name)));
  VEDETTE_TRY(const ByteView data, sized(reader, "template data", kMaxTemplateData));
  return parse_ima_entry(kind, sha1, data);
}

}  // namespace

void append_u32(Bytes& to, std::size_t value) {
  for (unsigned shift = 0; shift < 32; shift += 8)
    to.push_back(static_cast<std::uint8_t>(value >> shift));
}

void append_field(Bytes& to, ByteView value) {
  append_u32(to, value.size());
  append(to, value);
}

std::unexpected<Error> ima_too_large() {
  return refuse("ATT-IMA-SIZE", "the IMA measurement list is too large", {},
                "send it in parts, oldest entries first");
}

std::unexpected<Error> ima_of_another_pcr(std::uint64_t number) {
  return refuse("ATT-IMA-PCR", "an entry of the IMA list is of another PCR",
                "PCR " + std::to_string(number),
                "leave out pcr= in the rules of the device's IMA policy");
}

Result<ImaList> parse_ima_binary(ByteView bytes, std::uint64_t first_entry, std::uint8_t pcr) {
  if (bytes.size() > kMaxImaListBytes) return ima_too_large();
  ByteReader reader(bytes, "ATT-IMA-SYNTAX", "the IMA measurement list is malformed");
  ImaList list{.first_entry = first_entry, .entries = {}};
  while (reader.remaining() > 0) {
    if (list.entries.size() == kMaxImaEntries) return ima_too_large();
    VEDETTE_TRY(ImaEntry entry, read_entry(reader, pcr));
    list.entries.push_back(std::move(entry));
  }
  return list;
}

Bytes encode_ima_binary(const ImaEntry& entry, std::uint8_t pcr) {
  Bytes encoded;
  append_u32(encoded, pcr);
  if (entry.violation) {
    encoded.resize(encoded.size() + kSha1Octets);
  } else {
    const auto sha1 = crypto::insecure_sha1(entry.template_data);
    append(encoded, ByteView(sha1));
  }
  append_field(encoded, as_bytes(to_string(entry.kind)));
  append_field(encoded, entry.template_data);
  return encoded;
}

}  // namespace vedette::attestation
