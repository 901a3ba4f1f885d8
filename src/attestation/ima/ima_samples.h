// Entries, lists and registers that the tests of this folder share.
#pragma once

#include "attestation/ima/ima_fields.h"
#include "attestation/ima/ima_replay.h"
#include "attestation/measurement/code_of.h"
#include "attestation/measurement/register_bank.h"
#include "crypto/digest.h"

namespace vedette::attestation {

inline FileDigest sample_digest(std::string_view content,
                                codec::TpmAlgorithm hash = codec::TpmAlgorithm::sha256) {
  return {.algorithm = hash, .octets = digest_by(hash, as_bytes(content))};
}

inline Bytes digest_field(const FileDigest& digest) {
  Bytes value = to_bytes(name_of_bank(digest.algorithm));
  value.push_back(':');
  value.push_back(0);
  append(value, digest.octets);
  return value;
}

inline Bytes name_field(std::string_view path) {
  Bytes value = to_bytes(path);
  value.push_back(0);
  return value;
}

inline Bytes fields(std::initializer_list<Bytes> values) {
  Bytes data;
  for (const Bytes& value : values)
    append_field(data, value);
  return data;
}

inline Result<ImaEntry> parse_sample(ImaTemplate kind, const Bytes& data) {
  const auto sha1 = crypto::insecure_sha1(data);
  return parse_ima_entry(kind, sha1, data);
}

inline ImaEntry file_entry(std::string_view path, const FileDigest& digest) {
  return parse_sample(ImaTemplate::ng, fields({digest_field(digest), name_field(path)})).value();
}

inline ImaEntry signed_entry(std::string_view path, const FileDigest& digest,
                             const Bytes& signature) {
  return parse_sample(ImaTemplate::sig, fields({digest_field(digest), name_field(path), signature}))
      .value();
}

inline ImaEntry buffer_entry(std::string_view name, std::string_view buffer) {
  return parse_sample(ImaTemplate::buf, fields({digest_field(sample_digest(buffer)),
                                                name_field(name), to_bytes(buffer)}))
      .value();
}

inline ImaEntry violation_entry(std::string_view path) {
  const FileDigest none{.algorithm = codec::TpmAlgorithm::sha256, .octets = Bytes(32)};
  return parse_ima_entry(ImaTemplate::ng, Bytes(kSha1Octets),
                         fields({digest_field(none), name_field(path)}))
      .value();
}

inline BootRegisters sample_boot() {
  BootRegisters boot;
  for (const auto bank : {codec::TpmAlgorithm::sha1, codec::TpmAlgorithm::sha256})
    for (std::uint8_t pcr = 0; pcr < 10; ++pcr)
      boot[bank][pcr] = digest_by(bank, Bytes{pcr});
  return boot;
}

inline ImaEntry boot_entry(codec::TpmAlgorithm bank = codec::TpmAlgorithm::sha256) {
  const BootRegisters boot = sample_boot();
  Bytes all;
  for (const auto& [pcr, value] : boot.at(bank))
    if (bank != codec::TpmAlgorithm::sha1 || pcr < 8) append(all, value);
  return file_entry(kBootAggregate, {.algorithm = bank, .octets = digest_by(bank, all)});
}

// boot_aggregate, then /bin/1, /bin/2 and so on, each with its path for content.
inline std::vector<ImaEntry> sample_entries(std::size_t count) {
  std::vector<ImaEntry> entries;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string path = "/bin/" + std::to_string(i);
    entries.push_back(i == 0 ? boot_entry() : file_entry(path, sample_digest(path)));
  }
  return entries;
}

inline ImaList part_of(const std::vector<ImaEntry>& entries, std::size_t first, std::size_t end) {
  return {.first_entry = first,
          .entries = {entries.begin() + static_cast<std::ptrdiff_t>(first),
                      entries.begin() + static_cast<std::ptrdiff_t>(end)}};
}

inline Bytes register_after(const std::vector<ImaEntry>& entries, std::size_t count,
                            codec::TpmAlgorithm bank = codec::TpmAlgorithm::sha256) {
  RegisterBank registers(bank);
  for (std::size_t i = 0; i < count; ++i)
    registers.extend(kImaPcr, template_digest(entries[i], bank));
  return to_bytes(registers.value(kImaPcr));
}

inline Verified<ImaAdvance> believed(const std::vector<ImaEntry>& entries) {
  return advance({}, part_of(entries, 0, entries.size()), register_after(entries, entries.size()),
                 sample_boot())
      .value();
}

}  // namespace vedette::attestation
