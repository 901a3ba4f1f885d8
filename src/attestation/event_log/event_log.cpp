#include "attestation/event_log/event_log.h"

#include <algorithm>

namespace vedette::attestation {

const Bytes* Event::digest(codec::TpmAlgorithm bank) const {
  const auto found = std::ranges::find(digests, bank, &EventDigest::bank);
  return found == digests.end() ? nullptr : &found->value;
}

bool EventLog::has_bank(codec::TpmAlgorithm bank) const {
  return std::ranges::find(banks, bank) != banks.end();
}

}  // namespace vedette::attestation
