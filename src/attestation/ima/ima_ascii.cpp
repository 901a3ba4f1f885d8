#include <algorithm>

#include "attestation/ima/ima_fields.h"
#include "codec/base64.h"

namespace vedette::attestation {
namespace {

std::unexpected<Error> malformed(std::string cause) {
  return refuse("ATT-IMA-SYNTAX", "the IMA measurement list is malformed", std::move(cause));
}

// At most as many fields as any template has, and one.
std::vector<std::string_view> fields_of(std::string_view line) {
  constexpr std::size_t kMaxFields = 9;
  std::vector<std::string_view> fields;
  while (fields.size() < kMaxFields) {
    const std::size_t space = line.find(' ');
    fields.push_back(line.substr(0, space));
    if (space == std::string_view::npos) break;
    line.remove_prefix(space + 1);
  }
  return fields;
}

std::size_t fields_in(ImaTemplate kind) {
  switch (kind) {
    case ImaTemplate::ng:
      return 5;
    case ImaTemplate::sig:
    case ImaTemplate::buf:
      return 6;
    case ImaTemplate::modsig:
      return 8;
  }
  return 0;
}

Result<Bytes> hex_field(std::string_view name, std::string_view text) {
  auto octets = codec::from_hex(text);
  if (!octets) return malformed(std::string(name) + ": not hexadecimal");
  return *std::move(octets);
}

// `sha256:0a1b...` into the field that the kernel hashes; empty stays empty.
Result<void> append_digest(Bytes& to, std::string_view name, std::string_view text) {
  Bytes value;
  if (!text.empty()) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) return malformed(std::string(name) + ": no algorithm");
    VEDETTE_TRY(const Bytes octets, hex_field(name, text.substr(colon + 1)));
    value = to_bytes(text.substr(0, colon + 1));
    value.push_back(0);
    append(value, octets);
  }
  append_field(to, value);
  return {};
}

Result<void> append_hex(Bytes& to, std::string_view name, std::string_view text) {
  VEDETTE_TRY(const Bytes octets, hex_field(name, text));
  append_field(to, octets);
  return {};
}

Result<Bytes> template_data(ImaTemplate kind, const std::vector<std::string_view>& fields) {
  Bytes data;
  VEDETTE_CHECK(append_digest(data, "d-ng", fields[3]));
  Bytes path = to_bytes(fields[4]);
  path.push_back(0);
  append_field(data, path);
  if (kind == ImaTemplate::ng) return data;
  VEDETTE_CHECK(append_hex(data, kind == ImaTemplate::buf ? "buf" : "sig", fields[5]));
  if (kind != ImaTemplate::modsig) return data;
  VEDETTE_CHECK(append_digest(data, "d-modsig", fields[6]));
  VEDETTE_CHECK(append_hex(data, "modsig", fields[7]));
  return data;
}

Result<void> check_register(std::string_view text, std::uint8_t pcr) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.empty() || text.size() > 2 || !std::ranges::all_of(text, is_digit) ||
      (text.size() == 2 && text[0] == '0'))
    return malformed("the PCR is no number");
  unsigned number = 0;
  for (const char digit : text)
    number = 10 * number + static_cast<unsigned>(digit - '0');
  if (number != pcr) return ima_of_another_pcr(number);
  return {};
}

Result<ImaEntry> parse_line(std::string_view line, std::uint8_t pcr) {
  if (pcr < 10 && line.starts_with(' ')) line.remove_prefix(1);  // the kernel writes %2d
  const std::vector<std::string_view> fields = fields_of(line);
  if (fields.size() < 3) return malformed("a line of too few fields");
  VEDETTE_CHECK(check_register(fields[0], pcr));
  VEDETTE_TRY(const ImaTemplate kind, ima_template(fields[2]));
  if (fields.size() != fields_in(kind)) return malformed("a line of too few or too many fields");
  VEDETTE_TRY(const Bytes sha1, hex_field("template hash", fields[1]));
  if (sha1.size() != kSha1Octets) return malformed("a template hash that is no SHA-1");
  VEDETTE_TRY(const Bytes data, template_data(kind, fields));
  return parse_ima_entry(kind, sha1, data);
}

}  // namespace

Result<ImaList> parse_ima_ascii(std::string_view text, std::uint64_t first_entry,
                                std::uint8_t pcr) {
  if (text.size() > kMaxImaListBytes) return ima_too_large();
  ImaList list{.first_entry = first_entry, .entries = {}};
  while (!text.empty()) {
    if (list.entries.size() == kMaxImaEntries) return ima_too_large();
    const std::size_t end = std::min(text.find('\n'), text.size());
    VEDETTE_TRY(ImaEntry entry, parse_line(text.substr(0, end), pcr));
    list.entries.push_back(std::move(entry));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return list;
}

}  // namespace vedette::attestation
