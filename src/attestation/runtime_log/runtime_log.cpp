#include "attestation/runtime_log/runtime_log.h"

#include <algorithm>

#include "codec/reader.h"
#include "codec/tpm.h"

namespace vedette::attestation {
namespace {

using codec::ByteReader;
using crypto::BankDigest;

// The fields of a record; a digest is typed by the low octet of its TPM_ALG_ID.
constexpr std::uint8_t kRecnum = 0;
constexpr std::uint8_t kPcr = 1;
constexpr std::uint8_t kDigests = 3;

// The content's own.
constexpr std::uint8_t kKind = 0;
constexpr std::uint8_t kName = 1;
constexpr std::uint8_t kDigest = 2;
constexpr std::uint8_t kPower = 3;

constexpr std::size_t kHeader = 1 + 4;
constexpr std::size_t kMaxContent =
    (kHeader + 1) + (kHeader + 32) + (1 + kMaxRuntimePowers) * (kHeader + kMaxRuntimeText);

constexpr std::string_view kSyntax = "ATT-RUNTIME-LOG-SYNTAX";
constexpr std::string_view kMalformed = "the runtime measurement log is malformed";

void append_big_endian(Bytes& to, std::uint64_t value, std::size_t octets) {
  for (std::size_t i = octets; i-- > 0;)
    to.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

void append_tlv(Bytes& to, std::uint8_t type, ByteView value) {
  to.push_back(type);
  append_big_endian(to, value.size(), 4);
  append(to, value);
}

Bytes content_of(const RuntimeEvent& event) {
  Bytes value;
  append_tlv(value, kKind, Bytes{static_cast<std::uint8_t>(event.kind)});
  append_tlv(value, kName, as_bytes(event.name));
  append_tlv(value, kDigest, event.digest);
  for (const std::string& power : event.powers)
    append_tlv(value, kPower, as_bytes(power));
  Bytes content;
  append_tlv(content, kRuntimeContentType, value);
  return content;
}

std::unexpected<Error> malformed(std::string cause) {
  return refuse(kSyntax, std::string(kMalformed), std::move(cause));
}

// A TLV that must be of this type; borrowed.
Result<ByteView> tlv(ByteReader& reader, std::uint8_t type, std::string_view field,
                     std::size_t max_octets) {
  VEDETTE_TRY(const std::uint8_t found, reader.u8(field));
  if (found != type) return reader.refuse_field(field, "a TLV of another type stands here");
  VEDETTE_TRY(const std::uint32_t length, reader.u32(field));
  if (length > max_octets) return reader.refuse_field(field, "longer than it may be");
  return reader.take(field, length);
}

Result<ByteView> exact_tlv(ByteReader& reader, std::uint8_t type, std::string_view field,
                           std::size_t octets) {
  VEDETTE_TRY(const ByteView value, tlv(reader, type, field, octets));
  if (value.size() != octets) return reader.refuse_field(field, "shorter than it must be");
  return value;
}

std::uint8_t type_of(codec::TpmAlgorithm bank) {
  return static_cast<std::uint8_t>(bank);
}

Result<RuntimeEvent> parse_event(ByteView value) {
  ByteReader reader(value, kSyntax, kMalformed);
  RuntimeEvent event;
  VEDETTE_TRY(const ByteView kind, exact_tlv(reader, kKind, "kind", 1));
  const auto known = runtime_event_kind(kind[0]);
  if (!known) return reader.refuse_field("kind", "there is no such kind of event");
  event.kind = *known;
  VEDETTE_TRY(const ByteView name, tlv(reader, kName, "name", kMaxRuntimeText));
  event.name = as_text(name);
  VEDETTE_TRY(const ByteView digest, exact_tlv(reader, kDigest, "digest", event.digest.size()));
  std::ranges::copy(digest, event.digest.begin());
  while (reader.remaining() > 0) {
    if (event.powers.size() == kMaxRuntimePowers)
      return reader.refuse_field("power", "more than 64 of them");
    VEDETTE_TRY(const ByteView power, tlv(reader, kPower, "power", kMaxRuntimeText));
    event.powers.emplace_back(as_text(power));
  }
  if (const auto fit = check_runtime_event(event); !fit) return malformed(fit.error().cause);
  return event;
}

Result<void> read_recnum(ByteReader& reader, std::uint64_t expected) {
  VEDETTE_TRY(const ByteView value, exact_tlv(reader, kRecnum, "recnum", 8));
  VEDETTE_TRY(const std::uint64_t number, ByteReader(value, kSyntax, kMalformed).u64("recnum"));
  if (number != expected)
    return refuse("ATT-RUNTIME-LOG-ORDER",
                  "the runtime measurement log does not go on where it must",
                  "record " + std::to_string(number) + " instead of " + std::to_string(expected));
  return {};
}

Result<void> read_register(ByteReader& reader, std::uint8_t expected) {
  VEDETTE_TRY(const ByteView value, exact_tlv(reader, kPcr, "pcr", 1));
  if (value[0] != expected)
    return refuse("ATT-RUNTIME-LOG-PCR",
                  "a record of the runtime measurement log is of another PCR",
                  "PCR " + std::to_string(value[0]) + " instead of " + std::to_string(expected));
  return {};
}

// Some of the banks, each once and in their order.
Result<std::vector<BankDigest>> read_digests(ByteReader& reader) {
  constexpr std::size_t kMaxDigests = (kHeader + 32) + (kHeader + 48);
  VEDETTE_TRY(const ByteView octets, tlv(reader, kDigests, "digests", kMaxDigests));
  ByteReader inner(octets, kSyntax, kMalformed);
  std::vector<BankDigest> digests;
  for (const codec::TpmAlgorithm bank : crypto::kBanks) {
    const ByteView rest = octets.subspan(inner.offset());
    if (rest.empty() || rest[0] != type_of(bank)) continue;
    VEDETTE_TRY(const ByteView digest,
                exact_tlv(inner, type_of(bank), "digest", codec::digest_size(bank)));
    digests.push_back(BankDigest::from(bank, digest).value());
  }
  VEDETTE_CHECK(inner.finish());
  if (digests.empty()) return reader.refuse_field("digests", "there are none");
  return digests;
}

Result<RuntimeRecord> next_record(ByteReader& reader, ByteView bytes, std::uint64_t recnum,
                                  std::uint8_t pcr) {
  VEDETTE_CHECK(read_recnum(reader, recnum));
  VEDETTE_CHECK(read_register(reader, pcr));
  RuntimeRecord record;
  VEDETTE_TRY(record.digests, read_digests(reader));
  const std::size_t content_at = reader.offset();
  VEDETTE_TRY(const ByteView value, tlv(reader, kRuntimeContentType, "content", kMaxContent));
  const ByteView content = bytes.subspan(content_at, reader.offset() - content_at);
  for (const BankDigest& digest : record.digests)
    if (BankDigest::of(digest.bank(), content) != digest)
      return refuse(
          "ATT-RUNTIME-LOG-DIGEST",
          "a record of the runtime measurement log has a digest that is not its content's");
  VEDETTE_TRY(record.event, parse_event(value));
  return record;
}

}  // namespace

BankDigest digest_of(const RuntimeEvent& event, codec::TpmAlgorithm bank) {
  return BankDigest::of(bank, content_of(event));
}

std::vector<BankDigest> digests_of(const RuntimeEvent& event, const Banks& banks) {
  const Bytes content = content_of(event);
  std::vector<BankDigest> digests;
  digests.reserve(banks.size());
  for (const codec::TpmAlgorithm bank : banks)
    digests.push_back(BankDigest::of(bank, content));
  return digests;
}

const BankDigest* RuntimeRecord::digest(codec::TpmAlgorithm bank) const {
  const auto found = std::ranges::find(digests, bank, &BankDigest::bank);
  return found == digests.end() ? nullptr : &*found;
}

Banks RuntimeRecord::banks() const {
  Banks banks;
  banks.reserve(digests.size());
  for (const BankDigest& digest : digests)
    banks.push_back(digest.bank());
  return banks;
}

Result<Bytes> encode_record(std::uint64_t recnum, std::uint8_t pcr, const RuntimeEvent& event,
                            const Banks& banks) {
  VEDETTE_CHECK(check_runtime_event(event));
  Bytes number;
  append_big_endian(number, recnum, 8);
  Bytes digests;
  for (const BankDigest& digest : digests_of(event, banks))
    append_tlv(digests, type_of(digest.bank()), digest.octets());
  Bytes record;
  append_tlv(record, kRecnum, number);
  append_tlv(record, kPcr, Bytes{pcr});
  append_tlv(record, kDigests, digests);
  append(record, content_of(event));
  return record;
}

Result<RuntimeLog> parse_runtime_log(ByteView bytes, std::uint64_t first_recnum, std::uint8_t pcr,
                                     const RuntimeLogLimits& limits) {
  const auto too_large = [] {
    return refuse("ATT-RUNTIME-LOG-SIZE", "the runtime measurement log is too large", {},
                  "send it in parts, oldest records first");
  };
  if (bytes.size() > limits.max_bytes) return too_large();
  ByteReader reader(bytes, kSyntax, kMalformed);
  RuntimeLog log{.first_recnum = first_recnum, .records = {}};
  while (reader.remaining() > 0) {
    if (log.records.size() == limits.max_records) return too_large();
    VEDETTE_TRY(RuntimeRecord record,
                next_record(reader, bytes, first_recnum + log.records.size(), pcr));
    log.records.push_back(std::move(record));
  }
  return log;
}

RuntimeLogPrefix read_runtime_prefix(ByteView bytes, std::uint8_t pcr,
                                     const RuntimeLogLimits& limits) {
  bytes = bytes.first(std::min(bytes.size(), limits.max_bytes));
  ByteReader reader(bytes, kSyntax, kMalformed);
  RuntimeLogPrefix prefix;
  while (reader.remaining() > 0 && prefix.log.records.size() < limits.max_records) {
    auto record = next_record(reader, bytes, prefix.log.records.size(), pcr);
    if (!record) break;
    prefix.log.records.push_back(*std::move(record));
    prefix.octets = reader.offset();
  }
  return prefix;
}

}  // namespace vedette::attestation
