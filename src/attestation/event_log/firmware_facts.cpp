// PCR 0 and 1: the firmware's version and what it was told to boot.
#include "attestation/event_log/efi_text.h"
#include "attestation/event_log/efi_variable.h"
#include "attestation/event_log/register_facts.h"

namespace vedette::attestation {
namespace {

Result<void> take_order(const ProvenEvent& proven, const EfiVariable& variable, BootFacts& facts) {
  VEDETTE_TRY(std::vector<std::uint16_t> order, parse_boot_order(variable.value));
  if (!facts.boot_order.empty() && facts.boot_order != order)
    return refuse("ATT-LOG-CONTRADICTION", "the boot order was measured with two values",
                  place_of(proven.event));
  facts.boot_order = std::move(order);
  return {};
}

}  // namespace

Result<void> take_s_crtm_version(const ProvenEvent& proven, BootFacts& facts) {
  if (proven.past_separator)
    return refuse("ATT-LOG-ORDER", "the firmware's version was measured after the firmware",
                  place_of(proven.event));
  std::string version = version_text(proven.data.measured);
  if (facts.s_crtm_version.value_or(version) != version)
    return refuse("ATT-LOG-CONTRADICTION", "the firmware's version was measured with two values",
                  place_of(proven.event));
  facts.s_crtm_version = std::move(version);
  return {};
}

Result<void> take_boot_variable(const ProvenEvent& proven, BootFacts& facts) {
  const auto variable = parse_efi_variable(proven.event.data);
  if (!variable.has_value()) return {};
  if (variable->name == "BootOrder") return take_order(proven, *variable, facts);
  if (const auto description = boot_option_description(variable->value))
    facts.boot_options.insert_or_assign(variable->name, *description);
  return {};
}

}  // namespace vedette::attestation
