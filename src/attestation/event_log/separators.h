// The separators of PCR 0 to 7: where the firmware hands over to what it boots.
#pragma once

#include <array>
#include <set>

#include "attestation/event_log/event_log.h"

namespace vedette::attestation {

inline constexpr std::uint8_t kSeparatedRegisters = 8;

// Fed with every event of a register, in order. ATT-LOG-SEPARATOR, ATT-LOG-DATA.
class Separators {
 public:
  explicit Separators(codec::TpmAlgorithm bank) : bank_(bank) {}

  [[nodiscard]] Result<void> take(const Event& event);
  [[nodiscard]] bool passed(std::uint8_t pcr) const;
  // Each of these registers, where it is one of PCR 0 to 7, must have had its own.
  [[nodiscard]] Result<void> finish(const std::set<std::uint8_t>& registers) const;

 private:
  codec::TpmAlgorithm bank_;
  std::array<bool, kSeparatedRegisters> passed_{};
};

}  // namespace vedette::attestation
