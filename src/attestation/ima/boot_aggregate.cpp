#include "attestation/ima/boot_aggregate.h"

#include <algorithm>

#include "attestation/measurement/register_bank.h"

namespace vedette::attestation {
namespace {

std::unexpected<Error> not_this_boot(std::string cause, std::string hint = {}) {
  return refuse("ATT-IMA-BOOT-AGGREGATE", "the IMA measurement list is not tied to this boot",
                std::move(cause), std::move(hint));
}

}  // namespace

Result<void> check_boot_aggregate(const ImaEntry& first, const BootRegisters& registers) {
  if (first.path != kBootAggregate)
    return not_this_boot("it begins with " + shown(first.path) + " instead of boot_aggregate");
  if (first.violation || std::ranges::all_of(first.digest.octets, [](auto x) { return x == 0; }))
    return not_this_boot("the kernel found no TPM when it began to measure",
                         "build the TPM driver into the kernel, so that IMA finds it");
  const auto bank = registers.find(first.digest.algorithm);
  if (bank == registers.end())
    return not_this_boot("boot_aggregate is of the " +
                             std::string(name_of_bank(first.digest.algorithm)) +
                             " bank, whose registers are not at hand",
                         "boot with ima_hash= the hash of the bank that is quoted");
  const std::uint8_t last = first.digest.algorithm == codec::TpmAlgorithm::sha1 ? 7 : 9;
  Bytes all;
  for (std::uint8_t pcr = 0; pcr <= last; ++pcr) {
    const auto value = bank->second.find(pcr);
    if (value == bank->second.end() ||
        value->second.size() != codec::digest_size(first.digest.algorithm))
      return not_this_boot("PCR " + std::to_string(pcr) + " is not at hand",
                           "quote PCR 0 to 9, or send the boot log");
    append(all, value->second);
  }
  if (digest_by(first.digest.algorithm, all) != first.digest.octets)
    return not_this_boot("boot_aggregate is not the digest of PCR 0 to " + std::to_string(last));
  return {};
}

}  // namespace vedette::attestation
