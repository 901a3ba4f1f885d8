// EventLogForge: event logs as firmware, boot loaders and the kernel's stub write them, and the
// registers that a TPM would hold after such a boot.
//
//   EventLogForge forge = sound_boot();
//   forge.measure(4, EventType::efi_boot_services_application, image_load("\\evil.efi"), "evil");
//   parse_event_log(forge.bytes()); ... forge.quoted()
#pragma once

#include <string>

#include "attestation/event_log/verify.h"

namespace vedette::testing {

class EventLogForge {
 public:
  using EventType = attestation::EventType;
  using TpmAlgorithm = codec::TpmAlgorithm;

  explicit EventLogForge(std::vector<TpmAlgorithm> banks = {TpmAlgorithm::sha256});

  // An event whose digests are those of its data.
  EventLogForge& measure(std::uint8_t pcr, EventType type, const Bytes& data);
  EventLogForge& measure(std::uint8_t pcr, EventType type, std::string_view data);
  // An event whose digests are of something else.
  EventLogForge& measure(std::uint8_t pcr, EventType type, const Bytes& data,
                         const Bytes& measured);
  EventLogForge& no_action(std::uint8_t pcr, const Bytes& data);  // digests of zeros
  EventLogForge& startup_locality(std::uint8_t locality);
  EventLogForge& separator(std::uint8_t pcr);
  EventLogForge& grub(std::string_view label, std::string_view text);

  // The events so far, to be bent.
  [[nodiscard]] std::vector<attestation::Event>& events() { return events_; }

  // Octets of the vendor in the header.
  EventLogForge& vendor(Bytes octets);

  [[nodiscard]] Bytes bytes() const;       // crypto-agile
  [[nodiscard]] Bytes sha1_bytes() const;  // TCG 1.2; the first digest of each event, cut to 20

  // PCR 0 to 9 and 14 as extended by the events, by code of its own.
  [[nodiscard]] attestation::QuotedRegisters quoted(TpmAlgorithm bank = TpmAlgorithm::sha256) const;

 private:
  std::vector<TpmAlgorithm> banks_;
  std::vector<attestation::Event> events_;
  Bytes vendor_;
};

// UEFI_VARIABLE_DATA.
[[nodiscard]] Bytes efi_variable(std::string_view vendor_guid, std::string_view name,
                                 const Bytes& value);
[[nodiscard]] Bytes secure_boot_variable(bool on);
// An EFI_SIGNATURE_LIST of SHA-256 hashes.
[[nodiscard]] Bytes signature_list(std::uint32_t hashes);
// UEFI_IMAGE_LOAD_EVENT of a file.
[[nodiscard]] Bytes image_load(std::string_view path);
[[nodiscard]] Bytes boot_option(std::string_view description);
// TCG_PCClientTaggedEvent.
[[nodiscard]] Bytes tagged_event(std::uint32_t tag, std::string_view text);
[[nodiscard]] Bytes guid_octets(std::string_view guid);
// Values that the enumerations do not name.
[[nodiscard]] attestation::EventType unnamed_type(std::uint32_t number);
[[nodiscard]] codec::TpmAlgorithm unnamed_algorithm(std::uint16_t number);
void append_little_endian(Bytes& to, std::uint64_t value, std::size_t octets);

// The header of a crypto-agile log: TCG_PCR_EVENT around this TCG_EfiSpecIdEvent.
[[nodiscard]] Bytes log_header(const Bytes& spec_id_event);
[[nodiscard]] Bytes spec_id_event(const std::vector<codec::TpmAlgorithm>& banks,
                                  const Bytes& vendor = {});

// Secure Boot on, shim, GRUB, a Linux with its EFI stub, all separators: nothing to be refused.
[[nodiscard]] EventLogForge sound_boot(std::vector<codec::TpmAlgorithm> banks = {
                                           codec::TpmAlgorithm::sha256});

}  // namespace vedette::testing
