#include "testing/event_log_forge.h"

#include <algorithm>

#include "attestation/event_log/efi_text.h"
#include "attestation/event_log/efi_variable.h"
#include "attestation/measurement/register_bank.h"
#include "codec/base64.h"

namespace vedette::testing {

using attestation::Event;
using attestation::EventType;
using codec::TpmAlgorithm;

namespace {

const Bytes kSeparator(4, 0x00);

Bytes zeros(TpmAlgorithm bank) {
  Bytes none(codec::digest_size(bank), 0x00);
  return none;
}

void append_sized(Bytes& to, const Bytes& octets) {
  append_little_endian(to, octets.size(), 4);
  append(to, octets);
}

bool is_locality(const Event& event) {
  return event.type == EventType::no_action && event.data.size() == 17 &&
         as_text(event.data).starts_with("StartupLocality");
}

}  // namespace

void append_little_endian(Bytes& to, std::uint64_t value, std::size_t octets) {
  for (std::size_t i = 0; i < octets; ++i)
    to.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

EventType unnamed_type(std::uint32_t number) {
  return static_cast<EventType>(number);
}

TpmAlgorithm unnamed_algorithm(std::uint16_t number) {
  return static_cast<TpmAlgorithm>(number);
}

EventLogForge::EventLogForge(std::vector<TpmAlgorithm> banks) : banks_(std::move(banks)) {}

EventLogForge& EventLogForge::measure(std::uint8_t pcr, EventType type, const Bytes& data) {
  return measure(pcr, type, data, data);
}

EventLogForge& EventLogForge::measure(std::uint8_t pcr, EventType type, std::string_view data) {
  return measure(pcr, type, to_bytes(data));
}

EventLogForge& EventLogForge::measure(std::uint8_t pcr, EventType type, const Bytes& data,
                                      const Bytes& measured) {
  Event event{events_.size() + 1, pcr, type, {}, data};
  for (const TpmAlgorithm bank : banks_)
    event.digests.push_back({bank, attestation::digest_by(bank, measured)});
  events_.push_back(std::move(event));
  return *this;
}

EventLogForge& EventLogForge::no_action(std::uint8_t pcr, const Bytes& data) {
  Event event{events_.size() + 1, pcr, EventType::no_action, {}, data};
  for (const TpmAlgorithm bank : banks_)
    event.digests.push_back({bank, zeros(bank)});
  events_.push_back(std::move(event));
  return *this;
}

EventLogForge& EventLogForge::startup_locality(std::uint8_t locality) {
  Bytes data = to_bytes("StartupLocality");
  data.push_back(0);
  data.push_back(locality);
  return no_action(0, data);
}

EventLogForge& EventLogForge::separator(std::uint8_t pcr) {
  return measure(pcr, EventType::separator, kSeparator);
}

EventLogForge& EventLogForge::grub(std::string_view label, std::string_view text) {
  Bytes data = to_bytes(label);
  append(data, as_bytes(text));
  data.push_back(0);
  return measure(8, EventType::ipl, data, to_bytes(text));
}

EventLogForge& EventLogForge::vendor(Bytes octets) {
  vendor_ = std::move(octets);
  return *this;
}

Bytes EventLogForge::bytes() const {
  Bytes log = log_header(spec_id_event(banks_, vendor_));
  for (const Event& event : events_) {
    append_little_endian(log, event.pcr, 4);
    append_little_endian(log, static_cast<std::uint32_t>(event.type), 4);
    append_little_endian(log, event.digests.size(), 4);
    for (const auto& digest : event.digests) {
      append_little_endian(log, static_cast<std::uint16_t>(digest.bank), 2);
      append(log, digest.value);
    }
    append_sized(log, event.data);
  }
  return log;
}

Bytes EventLogForge::sha1_bytes() const {
  Bytes log;
  for (const Event& event : events_) {
    append_little_endian(log, event.pcr, 4);
    append_little_endian(log, static_cast<std::uint32_t>(event.type), 4);
    append(log, ByteView(event.digests.front().value).first(20));
    append_sized(log, event.data);
  }
  return log;
}

attestation::QuotedRegisters EventLogForge::quoted(TpmAlgorithm bank) const {
  attestation::QuotedRegisters quoted{bank, {}};
  for (const std::uint8_t pcr : Bytes{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 14})
    quoted.values[pcr] = zeros(bank);
  for (const Event& event : events_) {
    if (is_locality(event)) quoted.values.at(0).back() = event.data.back();
    const auto found = quoted.values.find(event.pcr);
    if (event.type == EventType::no_action || found == quoted.values.end()) continue;
    Bytes joined = found->second;
    append(joined, *event.digest(bank));
    found->second = attestation::digest_by(bank, joined);
  }
  return quoted;
}

Bytes guid_octets(std::string_view guid) {
  std::string digits(guid);
  std::erase(digits, '-');
  Bytes octets = codec::from_hex(digits).value();
  std::reverse(octets.begin(), octets.begin() + 4);
  std::reverse(octets.begin() + 4, octets.begin() + 6);
  std::reverse(octets.begin() + 6, octets.begin() + 8);
  return octets;
}

Bytes efi_variable(std::string_view vendor_guid, std::string_view name, const Bytes& value) {
  Bytes data = guid_octets(vendor_guid);
  append_little_endian(data, name.size(), 8);
  append_little_endian(data, value.size(), 8);
  append(data, attestation::to_utf16(name));
  append(data, value);
  return data;
}

Bytes secure_boot_variable(bool on) {
  return efi_variable(attestation::kGlobalVariable, "SecureBoot",
                      {static_cast<std::uint8_t>(on ? 1 : 0)});
}

Bytes signature_list(std::uint32_t hashes) {
  constexpr std::uint32_t kSignature = 16 + 32;
  Bytes list = guid_octets("c1c41626-504c-4092-aca9-41f936934328");  // EFI_CERT_SHA256_GUID
  append_little_endian(list, 28 + hashes * kSignature, 4);
  append_little_endian(list, 0, 4);
  append_little_endian(list, kSignature, 4);
  append(list, Bytes(std::size_t{hashes} * kSignature, 0x5A));
  return list;
}

Bytes image_load(std::string_view path) {
  Bytes name = attestation::to_utf16(path);
  append(name, Bytes{0, 0});
  Bytes node{4, 4};
  append_little_endian(node, 4 + name.size(), 2);
  append(node, name);
  append(node, Bytes{0x7F, 0xFF, 4, 0});
  Bytes data(24, 0x11);
  append_little_endian(data, node.size(), 8);
  append(data, node);
  return data;
}

Bytes boot_option(std::string_view description) {
  Bytes value{1, 0, 0, 0, 0, 0};
  append(value, attestation::to_utf16(description));
  append(value, Bytes{0, 0});
  return value;
}

Bytes tagged_event(std::uint32_t tag, std::string_view text) {
  Bytes data;
  append_little_endian(data, tag, 4);
  append_little_endian(data, text.size() + 1, 4);
  append(data, as_bytes(text));
  data.push_back(0);
  return data;
}

Bytes log_header(const Bytes& spec_id_event) {
  Bytes header;
  append_little_endian(header, 0, 4);
  append_little_endian(header, static_cast<std::uint32_t>(EventType::no_action), 4);
  append(header, Bytes(20, 0x00));
  append_sized(header, spec_id_event);
  return header;
}

Bytes spec_id_event(const std::vector<TpmAlgorithm>& banks, const Bytes& vendor) {
  Bytes data = to_bytes("Spec ID Event03");
  data.push_back(0);
  append(data, Bytes{0, 0, 0, 0, 0, 2, 0, 2});
  append_little_endian(data, banks.size(), 4);
  for (const TpmAlgorithm bank : banks) {
    append_little_endian(data, static_cast<std::uint16_t>(bank), 2);
    append_little_endian(data, codec::digest_size(bank), 2);
  }
  data.push_back(static_cast<std::uint8_t>(vendor.size()));
  append(data, vendor);
  return data;
}

namespace {

void measure_firmware(EventLogForge& forge) {
  Bytes version = attestation::to_utf16("Edge Board 1.4");
  append(version, Bytes{0, 0});
  forge.measure(0, EventType::s_crtm_version, version)
      .measure(0, EventType::efi_platform_firmware_blob, Bytes(16, 0x22), to_bytes("volume"));
}

void measure_secure_boot(EventLogForge& forge) {
  const auto configure = [&forge](std::string_view vendor, std::string_view name,
                                  const Bytes& value) {
    forge.measure(7, EventType::efi_variable_driver_config, efi_variable(vendor, name, value));
  };
  forge.measure(7, EventType::efi_variable_driver_config, secure_boot_variable(true));
  configure(attestation::kGlobalVariable, "PK", signature_list(1));
  configure(attestation::kGlobalVariable, "KEK", signature_list(2));
  configure(attestation::kImageSecurity, "db", signature_list(3));
  configure(attestation::kImageSecurity, "dbx", signature_list(371));
}

void measure_boot_manager(EventLogForge& forge) {
  const Bytes order{1, 0, 0, 0};
  const Bytes option = boot_option("Edge Linux");
  forge
      .measure(1, EventType::efi_variable_boot,
               efi_variable(attestation::kGlobalVariable, "BootOrder", order), order)
      .measure(1, EventType::efi_variable_boot,
               efi_variable(attestation::kGlobalVariable, "Boot0001", option), option)
      .measure(2, EventType::efi_boot_services_driver, image_load("\\driver.efi"),
               to_bytes("driver"))
      .measure(4, EventType::efi_action, "Calling EFI Application from Boot Option");
  for (std::uint8_t pcr = 0; pcr < 8; ++pcr)
    forge.separator(pcr);
}

void measure_loaders(EventLogForge& forge) {
  forge.measure(5, EventType::efi_gpt_event, Bytes(92, 0x33))
      .measure(7, EventType::efi_variable_authority,
               efi_variable(attestation::kImageSecurity, "db", Bytes(60, 0x44)))
      .measure(4, EventType::efi_boot_services_application, image_load(R"(\EFI\edge\shimx64.efi)"),
               to_bytes("shim"))
      .measure(14, EventType::ipl, Bytes{'M', 'o', 'k', 'L', 'i', 's', 't', 0}, to_bytes("mok"))
      .measure(4, EventType::efi_boot_services_application, image_load(R"(\EFI\edge\grubx64.efi)"),
               to_bytes("grub"))
      .measure(9, EventType::ipl, to_bytes("(hd0,gpt1)/EFI/edge/grub.cfg"), to_bytes("grub.cfg"))
      .grub("grub_cmd: ", "linux /vmlinuz root=/dev/sda2 ro")
      .grub("kernel_cmdline: ", "/vmlinuz root=/dev/sda2 ro");
}

void measure_kernel(EventLogForge& forge) {
  forge
      .measure(9, EventType::event_tag, tagged_event(0x8F3B22ED, "LOADED_IMAGE::LoadOptions"),
               attestation::to_utf16("BOOT_IMAGE=/vmlinuz root=/dev/sda2 ro"))
      .measure(9, EventType::event_tag, tagged_event(0x8F3B22EC, "Linux initrd"),
               to_bytes("initrd"))
      .measure(5, EventType::efi_action, "Exit Boot Services Invocation")
      .measure(5, EventType::efi_action, "Exit Boot Services Returned with Success");
}

}  // namespace

EventLogForge sound_boot(std::vector<TpmAlgorithm> banks) {
  EventLogForge forge(std::move(banks));
  measure_firmware(forge);
  measure_secure_boot(forge);
  measure_boot_manager(forge);
  measure_loaders(forge);
  measure_kernel(forge);
  return forge;
}

}  // namespace vedette::testing
