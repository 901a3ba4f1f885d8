#include "attestation/ima/ima_entry.h"

#include <algorithm>
#include <array>

#include "attestation/measurement/register_bank.h"
#include "codec/reader.h"
#include "crypto/digest.h"

namespace vedette::attestation {
namespace {

using codec::ByteReader;

struct TemplateName {
  ImaTemplate kind;
  std::string_view name;
};

constexpr std::array kTemplates{
    TemplateName{ImaTemplate::ng, "ima-ng"},
    TemplateName{ImaTemplate::sig, "ima-sig"},
    TemplateName{ImaTemplate::buf, "ima-buf"},
    TemplateName{ImaTemplate::modsig, "ima-modsig"},
};

bool all_zero(ByteView octets) {
  return std::ranges::all_of(octets, [](std::uint8_t octet) { return octet == 0; });
}

// A length in the machine's order, which is little-endian on every machine we run on, and as many
// octets.
Result<ByteView> field(ByteReader& reader, std::string_view name) {
  VEDETTE_TRY(const ByteView length, reader.take(name, 4));
  const std::uint32_t size = std::uint32_t{length[0]} | std::uint32_t{length[1]} << 8U |
                             std::uint32_t{length[2]} << 16U | std::uint32_t{length[3]} << 24U;
  if (size > kMaxImaField) return reader.refuse_field(name, "longer than it may be");
  return reader.take(name, size);
}

// d-ng and d-modsig: `sha256:`, NUL, digest.
Result<FileDigest> file_digest(const ByteReader& reader, std::string_view name, ByteView value) {
  const auto colon = std::ranges::find(value, std::uint8_t{':'});
  const auto prefix = static_cast<std::size_t>(colon - value.begin());
  const auto hash = hash_named(as_text(value.first(prefix)));
  if (!hash) return reader.refuse_field(name, "its hash algorithm is unknown");
  if (value.size() != prefix + 2 + codec::digest_size(*hash) || value[prefix + 1] != 0)
    return reader.refuse_field(name, "not a digest of its algorithm");
  return FileDigest{.algorithm = *hash, .octets = to_bytes(value.subspan(prefix + 2))};
}

// n-ng.
Result<std::string> path_name(ByteReader& reader) {
  VEDETTE_TRY(const ByteView value, field(reader, "n-ng"));
  const auto nul = std::ranges::find(value, std::uint8_t{0});
  if (value.size() < 2 || nul != value.end() - 1)
    return reader.refuse_field("n-ng", "not a name that ends with its only NUL");
  if (value.size() > kMaxImaPath + 1) return reader.refuse_field("n-ng", "longer than a path");
  return std::string(as_text(value.first(value.size() - 1)));
}

Result<void> rest_of_template(ByteReader& reader, ImaEntry& entry) {
  if (entry.kind == ImaTemplate::buf) {
    VEDETTE_TRY(const ByteView buffer, field(reader, "buf"));
    entry.buffer = to_bytes(buffer);
  } else if (entry.kind != ImaTemplate::ng) {
    VEDETTE_TRY(const ByteView signature, field(reader, "sig"));
    entry.signature = to_bytes(signature);
  }
  if (entry.kind == ImaTemplate::modsig) {
    VEDETTE_TRY(const ByteView digest, field(reader, "d-modsig"));
    if (!digest.empty()) {
      VEDETTE_TRY(entry.signed_digest, file_digest(reader, "d-modsig", digest));
    }
    VEDETTE_TRY(const ByteView appended, field(reader, "modsig"));
    entry.appended_signature = to_bytes(appended);
  }
  return reader.finish();
}

Result<void> check_digests(const ByteReader& reader, const ImaEntry& entry, ByteView sha1) {
  if (entry.violation) {
    if (!all_zero(entry.digest.octets))
      return reader.refuse_field("d-ng", "a violation that has a digest");
    return {};
  }
  const auto expected = crypto::insecure_sha1(entry.template_data);
  if (!equal(sha1, expected))
    return refuse("ATT-IMA-DIGEST", "an entry of the IMA list has a hash that is not its data's",
                  shown(entry.path));
  if (entry.kind == ImaTemplate::buf &&
      digest_by(entry.digest.algorithm, entry.buffer) != entry.digest.octets)
    return refuse("ATT-IMA-DIGEST",
                  "an entry of the IMA list has a digest that is not its buffer's",
                  shown(entry.path));
  return {};
}

}  // namespace

std::string_view to_string(ImaTemplate kind) {
  const auto* const found = std::ranges::find(kTemplates, kind, &TemplateName::kind);
  return found == kTemplates.end() ? "unknown" : found->name;
}

Result<ImaTemplate> ima_template(std::string_view name) {
  const auto* const found = std::ranges::find(kTemplates, name, &TemplateName::name);
  if (found != kTemplates.end()) return found->kind;
  return refuse("ATT-IMA-TEMPLATE", "the IMA list uses a template that is not accepted",
                shown(name.substr(0, 64)), "boot with ima_template=ima-ng or ima_template=ima-sig");
}

Result<ImaEntry> parse_ima_entry(ImaTemplate kind, ByteView sha1, ByteView data) {
  ByteReader reader(data, "ATT-IMA-SYNTAX", "the IMA measurement list is malformed");
  ImaEntry entry;
  entry.kind = kind;
  entry.violation = all_zero(sha1);
  entry.template_data = to_bytes(data);
  VEDETTE_TRY(const ByteView digest, field(reader, "d-ng"));
  VEDETTE_TRY(entry.digest, file_digest(reader, "d-ng", digest));
  VEDETTE_TRY(entry.path, path_name(reader));
  VEDETTE_CHECK(rest_of_template(reader, entry));
  VEDETTE_CHECK(check_digests(reader, entry, sha1));
  return entry;
}

}  // namespace vedette::attestation
