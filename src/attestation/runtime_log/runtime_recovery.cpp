#include "attestation/runtime_log/runtime_recovery.h"

#include <algorithm>
#include <optional>

namespace vedette::attestation {

namespace {

using crypto::BankDigest;
using Records = std::vector<RuntimeRecord>;

// What the register would hold in that bank after the first `count` of them; zero in a bank that
// they do not speak of. None where some speak of it and others do not.
std::optional<BankDigest> value_after(const Records& records, std::size_t count,
                                      codec::TpmAlgorithm bank) {
  const bool is_used = !records.empty() && records.front().digest(bank) != nullptr;
  BankDigest value(bank);
  for (std::size_t i = 0; i < count; ++i) {
    const BankDigest* const digest = records[i].digest(bank);
    if ((digest != nullptr) != is_used) return std::nullopt;
    if (is_used) value = value.extended(*digest);
  }
  return value;
}

bool explains(const Records& records, std::size_t count, const std::vector<BankDigest>& values) {
  const bool all_kept = std::ranges::all_of(
      records.empty() ? Banks{} : records.front().banks(), [&](codec::TpmAlgorithm bank) {
        return std::ranges::find(values, bank, &BankDigest::bank) != values.end();
      });
  return all_kept && std::ranges::all_of(values, [&](const BankDigest& value) {
           return value_after(records, count, value.bank()) == value;
         });
}

}  // namespace

RuntimeLogRecovery plan_recovery(ByteView file, std::uint8_t pcr,
                                 const std::vector<BankDigest>& values) {
  if (std::ranges::all_of(values, &BankDigest::is_zero))
    return RuntimeLogRecovery{.state = RuntimeLogState::new_boot, .to_extend = {}};

  const RuntimeLogPrefix prefix = read_runtime_prefix(file, pcr, kRuntimeFileLimits);
  const Records& records = prefix.log.records;
  RuntimeLogRecovery recovery{
      .octets_to_keep = prefix.octets, .next_recnum = records.size(), .to_extend = {}};
  if (explains(records, records.size(), values)) {
    recovery.state = RuntimeLogState::in_sync;
  } else if (!records.empty() && explains(records, records.size() - 1, values)) {
    recovery.state = RuntimeLogState::last_not_extended;
    recovery.to_extend = records.back().digests;
  }
  return recovery;
}

}  // namespace vedette::attestation
