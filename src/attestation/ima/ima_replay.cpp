#include "attestation/ima/ima_replay.h"

#include "attestation/measurement/register_bank.h"

namespace vedette::attestation {
namespace {

// Extends `replay` until it has the quoted value, and says how many entries that took.
std::size_t extend_until(ImaReplay& replay, const std::vector<ImaEntry>& entries, ByteView quoted) {
  std::size_t count = 0;
  for (; count < entries.size() && !equal(replay.value, quoted); ++count)
    replay.value =
        extended(replay.bank, replay.value, template_digest(entries[count], replay.bank));
  replay.entries += count;
  return count;
}

}  // namespace

Bytes template_digest(const ImaEntry& entry, codec::TpmAlgorithm bank) {
  if (entry.violation) {
    Bytes ones(codec::digest_size(bank), 0xFF);
    return ones;
  }
  return digest_by(bank, entry.template_data);
}

Bytes extended(codec::TpmAlgorithm bank, ByteView value, ByteView digest) {
  Bytes both = to_bytes(value);
  append(both, digest);
  return digest_by(bank, both);
}

Result<Verified<ImaAdvance>> advance(const ImaReplay& from, ImaList list, ByteView quoted,
                                     const BootRegisters& boot) {
  if (list.first_entry != from.entries)
    return refuse("ATT-IMA-GAP", "the IMA measurement list leaves out or repeats entries",
                  "it begins with entry " + std::to_string(list.first_entry) + " instead of " +
                      std::to_string(from.entries));
  ImaAdvance advanced{.replay = from, .first_entry = from.entries, .entries = {}};
  if (from.value.empty()) advanced.replay.value = Bytes(codec::digest_size(from.bank));
  const std::size_t believed = extend_until(advanced.replay, list.entries, quoted);
  if (!equal(advanced.replay.value, quoted))
    return refuse("ATT-IMA-MISMATCH",
                  "the IMA measurement list does not lead to what the TPM says was measured",
                  std::to_string(list.entries.size()) + " new entries, quoted " + to_hex(quoted),
                  "something was measured that the list does not name, or the list was altered: "
                  "inspect the device, then boot it anew");
  if (advanced.replay.entries == 0)
    return refuse("ATT-IMA-BOOT-AGGREGATE", "the kernel has measured nothing",
                  "the register is zero", "boot with an IMA policy, such as ima_policy=tcb");
  list.entries.resize(believed);
  advanced.entries = std::move(list.entries);
  if (from.entries == 0) {
    VEDETTE_CHECK(check_boot_aggregate(advanced.entries.front(), boot));
    advanced.replay.boot_aggregate = advanced.entries.front().digest;
  }
  return Verified<ImaAdvance>(ImaAdvance::VerificationKey(), std::move(advanced));
}

}  // namespace vedette::attestation
