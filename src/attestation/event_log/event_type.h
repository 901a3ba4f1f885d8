// EventType: what an entry of the log says that it is (TCG PC Client Platform Firmware Profile,
// "Event Types"). No digest covers it: see boot_facts.h for what is believed of it.
#pragma once

#include <cstdint>
#include <string>

namespace vedette::attestation {

// Those that we know by name; a log may hold any other value.
enum class EventType : std::uint32_t {
  preboot_cert = 0x00,
  post_code = 0x01,
  no_action = 0x03,
  separator = 0x04,
  action = 0x05,
  event_tag = 0x06,
  s_crtm_contents = 0x07,
  s_crtm_version = 0x08,
  cpu_microcode = 0x09,
  platform_config_flags = 0x0A,
  table_of_devices = 0x0B,
  compact_hash = 0x0C,
  ipl = 0x0D,
  ipl_partition_data = 0x0E,
  nonhost_code = 0x0F,
  nonhost_config = 0x10,
  nonhost_info = 0x11,
  omit_boot_device_events = 0x12,
  post_code2 = 0x13,
  efi_variable_driver_config = 0x80000001,
  efi_variable_boot = 0x80000002,
  efi_boot_services_application = 0x80000003,
  efi_boot_services_driver = 0x80000004,
  efi_runtime_services_driver = 0x80000005,
  efi_gpt_event = 0x80000006,
  efi_action = 0x80000007,
  efi_platform_firmware_blob = 0x80000008,
  efi_handoff_tables = 0x80000009,
  efi_platform_firmware_blob2 = 0x8000000A,
  efi_handoff_tables2 = 0x8000000B,
  efi_variable_boot2 = 0x8000000C,
  efi_gpt_event2 = 0x8000000D,
  efi_hcrtm_event = 0x80000010,
  efi_variable_authority = 0x800000E0,
  efi_spdm_firmware_blob = 0x800000E1,
  efi_spdm_firmware_config = 0x800000E2,
  efi_spdm_device_policy = 0x800000E3,
  efi_spdm_device_authority = 0x800000E4,
};

// "EV_SEPARATOR"; for one that we do not know its number, "0x00008401".
[[nodiscard]] std::string name_of(EventType type);
[[nodiscard]] bool is_known(EventType type);

[[nodiscard]] bool is_image_load(EventType type);     // an application or driver of EFI
[[nodiscard]] bool is_variable(EventType type);       // its data is a UEFI_VARIABLE_DATA
[[nodiscard]] bool is_boot_variable(EventType type);  // BootOrder, Boot####

}  // namespace vedette::attestation
