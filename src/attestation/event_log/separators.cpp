#include "attestation/event_log/separators.h"

#include "attestation/event_log/data_binding.h"

namespace vedette::attestation {
namespace {

std::string place(const Event& event) {
  return "event " + std::to_string(event.number) + ", PCR " + std::to_string(event.pcr) + ", " +
         name_of(event.type);
}

std::unexpected<Error> refuse_separator(std::string message, std::string cause) {
  return refuse("ATT-LOG-SEPARATOR", std::move(message), std::move(cause));
}

// BootOrder 0001, 0000 measured without its name is 01 00 00 00, the separator of a failed
// firmware.
bool is_boot_order(const Event& event, SeparatorValue value) {
  return event.pcr == 1 && is_boot_variable(event.type) && value == SeparatorValue::failed;
}

}  // namespace

Result<void> Separators::take(const Event& event) {
  if (event.pcr >= kSeparatedRegisters) return {};
  const auto value = separator_by_digest(event, bank_);
  const bool claims = event.type == EventType::separator;
  if (!value && !claims) return {};
  if (!value) return refuse("ATT-LOG-DATA", "a separator was not measured as one", place(event));
  if (is_boot_order(event, *value)) return {};
  if (!claims) return refuse_separator("a separator claims to be something else", place(event));
  if (bound_data(event, bank_).binding != DataBinding::proven)
    return refuse("ATT-LOG-DATA", "a separator's data is not what was measured", place(event));
  if (*value == SeparatorValue::failed)
    return refuse_separator("the firmware says that it failed to measure", place(event));
  bool& passed = passed_.at(event.pcr);
  if (passed) return refuse_separator("a register has two separators", place(event));
  passed = true;
  return {};
}

bool Separators::passed(std::uint8_t pcr) const {
  return pcr < kSeparatedRegisters && passed_.at(pcr);
}

Result<void> Separators::finish(const std::set<std::uint8_t>& registers) const {
  for (const std::uint8_t pcr : registers)
    if (pcr < kSeparatedRegisters && !passed(pcr))
      return refuse_separator("a register has no separator", "PCR " + std::to_string(pcr));
  return {};
}

}  // namespace vedette::attestation
