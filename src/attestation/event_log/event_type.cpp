#include "attestation/event_log/event_type.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "base/bytes.h"

namespace vedette::attestation {
namespace {

constexpr auto kNames = std::to_array<std::pair<EventType, std::string_view>>({
    {EventType::preboot_cert, "EV_PREBOOT_CERT"},
    {EventType::post_code, "EV_POST_CODE"},
    {EventType::no_action, "EV_NO_ACTION"},
    {EventType::separator, "EV_SEPARATOR"},
    {EventType::action, "EV_ACTION"},
    {EventType::event_tag, "EV_EVENT_TAG"},
    {EventType::s_crtm_contents, "EV_S_CRTM_CONTENTS"},
    {EventType::s_crtm_version, "EV_S_CRTM_VERSION"},
    {EventType::cpu_microcode, "EV_CPU_MICROCODE"},
    {EventType::platform_config_flags, "EV_PLATFORM_CONFIG_FLAGS"},
    {EventType::table_of_devices, "EV_TABLE_OF_DEVICES"},
    {EventType::compact_hash, "EV_COMPACT_HASH"},
    {EventType::ipl, "EV_IPL"},
    {EventType::ipl_partition_data, "EV_IPL_PARTITION_DATA"},
    {EventType::nonhost_code, "EV_NONHOST_CODE"},
    {EventType::nonhost_config, "EV_NONHOST_CONFIG"},
    {EventType::nonhost_info, "EV_NONHOST_INFO"},
    {EventType::omit_boot_device_events, "EV_OMIT_BOOT_DEVICE_EVENTS"},
    {EventType::post_code2, "EV_POST_CODE2"},
    {EventType::efi_variable_driver_config, "EV_EFI_VARIABLE_DRIVER_CONFIG"},
    {EventType::efi_variable_boot, "EV_EFI_VARIABLE_BOOT"},
    {EventType::efi_boot_services_application, "EV_EFI_BOOT_SERVICES_APPLICATION"},
    {EventType::efi_boot_services_driver, "EV_EFI_BOOT_SERVICES_DRIVER"},
    {EventType::efi_runtime_services_driver, "EV_EFI_RUNTIME_SERVICES_DRIVER"},
    {EventType::efi_gpt_event, "EV_EFI_GPT_EVENT"},
    {EventType::efi_action, "EV_EFI_ACTION"},
    {EventType::efi_platform_firmware_blob, "EV_EFI_PLATFORM_FIRMWARE_BLOB"},
    {EventType::efi_handoff_tables, "EV_EFI_HANDOFF_TABLES"},
    {EventType::efi_platform_firmware_blob2, "EV_EFI_PLATFORM_FIRMWARE_BLOB2"},
    {EventType::efi_handoff_tables2, "EV_EFI_HANDOFF_TABLES2"},
    {EventType::efi_variable_boot2, "EV_EFI_VARIABLE_BOOT2"},
    {EventType::efi_gpt_event2, "EV_EFI_GPT_EVENT2"},
    {EventType::efi_hcrtm_event, "EV_EFI_HCRTM_EVENT"},
    {EventType::efi_variable_authority, "EV_EFI_VARIABLE_AUTHORITY"},
    {EventType::efi_spdm_firmware_blob, "EV_EFI_SPDM_FIRMWARE_BLOB"},
    {EventType::efi_spdm_firmware_config, "EV_EFI_SPDM_FIRMWARE_CONFIG"},
    {EventType::efi_spdm_device_policy, "EV_EFI_SPDM_DEVICE_POLICY"},
    {EventType::efi_spdm_device_authority, "EV_EFI_SPDM_DEVICE_AUTHORITY"},
});

const std::pair<EventType, std::string_view>* find(EventType type) {
  const auto* const found = std::ranges::find(kNames, type, [](const auto& p) { return p.first; });
  return found == kNames.end() ? nullptr : found;
}

}  // namespace

std::string name_of(EventType type) {
  if (const auto* const known = find(type)) return std::string(known->second);
  const auto value = static_cast<std::uint32_t>(type);
  const Bytes octets{static_cast<std::uint8_t>(value >> 24U),
                     static_cast<std::uint8_t>(value >> 16U),
                     static_cast<std::uint8_t>(value >> 8U), static_cast<std::uint8_t>(value)};
  return "0x" + to_hex(octets);
}

bool is_known(EventType type) {
  return find(type) != nullptr;
}

bool is_image_load(EventType type) {
  return type == EventType::efi_boot_services_application ||
         type == EventType::efi_boot_services_driver ||
         type == EventType::efi_runtime_services_driver;
}

bool is_boot_variable(EventType type) {
  return type == EventType::efi_variable_boot || type == EventType::efi_variable_boot2;
}

bool is_variable(EventType type) {
  return is_boot_variable(type) || type == EventType::efi_variable_driver_config ||
         type == EventType::efi_variable_authority;
}

}  // namespace vedette::attestation
