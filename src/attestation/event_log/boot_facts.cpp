#include "attestation/event_log/boot_facts.h"

#include <algorithm>

#include "attestation/event_log/device_path.h"
#include "attestation/event_log/register_facts.h"
#include "attestation/event_log/separators.h"
#include "attestation/measurement/register_bank.h"

namespace vedette::attestation {
namespace {

// PFP, "EV_EFI_ACTION Event Types".
constexpr std::string_view kCallingApplication = "Calling EFI Application from Boot Option";
constexpr std::string_view kExitBootServices = "Exit Boot Services Invocation";

constexpr std::uint8_t kDriverRegister = 2;
constexpr std::uint8_t kApplicationRegister = 4;
constexpr std::uint8_t kBootRegister = 5;
constexpr std::uint8_t kSecureBootRegister = 7;

bool is_action(EventType type) {
  return type == EventType::efi_action || type == EventType::action;
}

bool is_printable_ascii(ByteView text) {
  return std::ranges::all_of(text, [](std::uint8_t c) { return c >= 0x20 && c < 0x7F; });
}

class FactReader {
 public:
  explicit FactReader(const BootLog& boot)
      : boot_(boot),
        separators_(boot.bank),
        calling_(digest_by(boot.bank, as_bytes(kCallingApplication))),
        exiting_(digest_by(boot.bank, as_bytes(kExitBootServices))) {}

  Result<BootFacts> read() {
    for (const Event& event : boot_.log.events)
      if (event.type != EventType::no_action && boot_.registers.contains(event.pcr))
        VEDETTE_CHECK(take(event));
    VEDETTE_CHECK(separators_.finish(boot_.registers));
    return std::move(facts_);
  }

 private:
  Result<void> take(const Event& event) {
    VEDETTE_CHECK(separators_.take(event));
    if (!is_known(event.type)) facts_.unknown.push_back(event.number);
    const ProvenEvent proven{event, boot_.bank, *event.digest(boot_.bank),
                             bound_data(event, boot_.bank), separators_.passed(event.pcr)};
    if (proven.data.binding == DataBinding::contradicted) return take_contradicted(event);
    VEDETTE_CHECK(check_action(proven));
    return take_by_register(proven);
  }

  Result<void> take_contradicted(const Event& event) {
    if (event.pcr == kSecureBootRegister || event.pcr == kApplicationRegister)
      return refuse("ATT-LOG-DATA", "an event's data is not what was measured", place_of(event));
    facts_.contradicted.push_back(event.number);
    return {};
  }

  // The two actions that facts rest upon may not hide under another type, nor anything else under
  // theirs: what they measure is plain text.
  Result<void> check_action(const ProvenEvent& proven) const {
    const bool fixed = proven.digest == calling_ || proven.digest == exiting_;
    if (fixed && proven.event.pcr < kSeparatedRegisters && !is_action(proven.event.type))
      return refuse("ATT-LOG-TYPE", "an action claims to be something else",
                    place_of(proven.event));
    if (is_action(proven.event.type) && !is_printable_ascii(proven.data.measured))
      return refuse("ATT-LOG-TYPE", "something that is no text claims to be an action",
                    place_of(proven.event));
    return {};
  }

  Result<void> take_by_register(const ProvenEvent& proven) {
    const std::uint8_t pcr = proven.event.pcr;
    const EventType type = proven.event.type;
    if (is_action(type)) take_action(proven);
    if (pcr == kSecureBootRegister) return take_secure_boot(proven, facts_);
    if (pcr == kApplicationRegister || pcr == kDriverRegister) return take_code(proven);
    if (pcr == 0 && type == EventType::s_crtm_version) return take_s_crtm_version(proven, facts_);
    if (pcr == 1 && is_boot_variable(type)) return take_boot_variable(proven, facts_);
    if (pcr >= kSeparatedRegisters) take_loader_event(proven, facts_);
    return {};
  }

  void take_action(const ProvenEvent& proven) {
    if (proven.event.pcr >= kSeparatedRegisters) return;
    facts_.actions.push_back({proven.event.pcr, std::string(as_text(proven.data.measured))});
    if (proven.event.pcr == kApplicationRegister && proven.digest == calling_) called_ = true;
    if (proven.event.pcr == kBootRegister && proven.digest == exiting_)
      facts_.exit_boot_services = true;
  }

  // Whatever is not an image must prove that it is none, or an application could hide.
  Result<void> take_code(const ProvenEvent& proven) {
    const Event& event = proven.event;
    if (is_image_load(event.type)) {
      facts_.images.push_back({event.type, event.pcr, image_path(event.data), proven.digest,
                               !proven.past_separator,
                               event.pcr == kApplicationRegister && called_});
    } else if (event.pcr == kApplicationRegister && proven.data.binding != DataBinding::proven) {
      return refuse("ATT-LOG-TYPE", "PCR 4 holds an event that is neither an image nor understood",
                    place_of(event));
    }
    return {};
  }

  const BootLog& boot_;
  Separators separators_;
  Bytes calling_;
  Bytes exiting_;
  bool called_ = false;
  BootFacts facts_;
};

}  // namespace

std::string place_of(const Event& event) {
  return "event " + std::to_string(event.number) + ", PCR " + std::to_string(event.pcr) + ", " +
         name_of(event.type);
}

Result<BootFacts> read_boot_facts(const Verified<BootLog>& boot) {
  return FactReader(*boot).read();
}

}  // namespace vedette::attestation
