// PCR 7: the state of Secure Boot, its databases and the authorities that it used.
#include <algorithm>
#include <array>

#include "attestation/event_log/efi_text.h"
#include "attestation/event_log/efi_variable.h"
#include "attestation/event_log/register_facts.h"

namespace vedette::attestation {
namespace {

bool is_secure_boot(const EfiVariable& variable) {
  return variable.is(kGlobalVariable, "SecureBoot");
}

bool is_database(const EfiVariable& variable) {
  return variable.is(kGlobalVariable, "PK") || variable.is(kGlobalVariable, "KEK") ||
         variable.is(kImageSecurity, "db") || variable.is(kImageSecurity, "dbx");
}

std::unexpected<Error> refuse_contradiction(const ProvenEvent& proven, const std::string& name) {
  return refuse("ATT-LOG-CONTRADICTION", "a variable was measured with two values",
                place_of(proven.event) + ": " + name);
}

Result<void> take_state(const ProvenEvent& proven, const EfiVariable& variable, BootFacts& facts) {
  if (variable.value.size() > 1 || (variable.value.size() == 1 && variable.value[0] > 1))
    return refuse("ATT-LOG-VARIABLE", "the SecureBoot variable is neither on nor off",
                  place_of(proven.event) + ": " + to_hex(variable.value.first(1)));
  const bool on = variable.value.size() == 1 && variable.value[0] == 1;
  if (facts.secure_boot.value_or(on) != on) return refuse_contradiction(proven, variable.name);
  facts.secure_boot = on;
  return {};
}

Result<void> take_database(const ProvenEvent& proven, const EfiVariable& variable,
                           BootFacts& facts) {
  VEDETTE_TRY(const std::size_t signatures, count_signatures(variable.value));
  const KeyDatabase database{proven.digest, variable.value.size(), signatures};
  const auto [known, is_new] = facts.databases.try_emplace(variable.name, database);
  if (!is_new && known->second.digest != proven.digest)
    return refuse_contradiction(proven, variable.name);
  return {};
}

Result<void> take_configuration(const ProvenEvent& proven, BootFacts& facts) {
  VEDETTE_TRY(const EfiVariable variable, parse_efi_variable(proven.data.measured));
  if (proven.past_separator)
    return refuse("ATT-LOG-ORDER", "a variable of Secure Boot was measured after the firmware",
                  place_of(proven.event) + ": " + printable(variable.name));
  if (is_secure_boot(variable)) return take_state(proven, variable, facts);
  if (is_database(variable)) return take_database(proven, variable, facts);
  return {};
}

// A configuration variable may not hide as an authority. The entry of db that allowed an image is
// one signature, where the configuration's db is a list of them, so db itself may be either.
Result<void> take_authority(const ProvenEvent& proven, BootFacts& facts) {
  VEDETTE_TRY(EfiVariable variable, parse_efi_variable(proven.data.measured));
  if (is_secure_boot(variable) || (is_database(variable) && variable.name != "db"))
    return refuse("ATT-LOG-TYPE", "a variable of Secure Boot claims to be an authority",
                  place_of(proven.event) + ": " + variable.name);
  facts.authorities.push_back({std::move(variable.name), std::move(variable.vendor), proven.digest,
                               variable.value.size(), !proven.past_separator});
  return {};
}

constexpr auto kOthersThatBelong = std::to_array<EventType>(
    {EventType::separator, EventType::action, EventType::efi_action,
     EventType::efi_spdm_device_policy, EventType::efi_spdm_device_authority});

bool belongs(const ProvenEvent& proven) {
  return proven.data.binding == DataBinding::proven &&
         std::ranges::find(kOthersThatBelong, proven.event.type) != kOthersThatBelong.end();
}

}  // namespace

Result<void> take_secure_boot(const ProvenEvent& proven, BootFacts& facts) {
  if (proven.event.type == EventType::efi_variable_driver_config)
    return take_configuration(proven, facts);
  if (proven.event.type == EventType::efi_variable_authority) return take_authority(proven, facts);
  if (!belongs(proven))
    return refuse("ATT-LOG-TYPE", "PCR 7 holds an event that does not belong there",
                  place_of(proven.event));
  return {};
}

}  // namespace vedette::attestation
