#include "attestation/event_log/words.h"

#include <array>
#include <utility>

#include "attestation/event_log/data_binding.h"
#include "attestation/event_log/device_path.h"
#include "attestation/event_log/efi_text.h"
#include "attestation/event_log/efi_variable.h"

namespace vedette::attestation {
namespace {

using codec::TpmAlgorithm;

constexpr std::size_t kShortDigest = 8;
constexpr std::size_t kMaxQuoted = 200;
constexpr std::size_t kOctetsPerKib = 1024;

TpmAlgorithm strongest_bank(const Event& event) {
  TpmAlgorithm strongest = TpmAlgorithm::null;
  for (const EventDigest& digest : event.digests)
    if (codec::digest_size(digest.bank) > codec::digest_size(strongest)) strongest = digest.bank;
  return strongest;
}

std::string digest_words(const Event& event) {
  const Bytes* const digest = event.digest(strongest_bank(event));
  if (digest == nullptr) return "no digest";
  return "digest " + to_hex(ByteView(*digest).first(kShortDigest)) + "...";
}

std::string quoted(std::string_view text) {
  return "\"" + printable(text, kMaxQuoted) + "\"";
}

std::string size_words(std::size_t octets) {
  if (octets < kOctetsPerKib) return std::to_string(octets) + " octets";
  return std::to_string((octets + kOctetsPerKib / 2) / kOctetsPerKib) + " KiB";
}

std::string count_words(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " entry" : " entries");
}

std::string database_name(const EfiVariable& variable) {
  if (variable.is(kImageSecurity, "db")) return "the list of allowed signatures db";
  if (variable.is(kImageSecurity, "dbx")) return "the revocation list dbx";
  if (variable.is(kGlobalVariable, "PK")) return "the platform key PK";
  if (variable.is(kGlobalVariable, "KEK")) return "the key exchange keys KEK";
  return "";
}

std::string configuration_words(const EfiVariable& variable) {
  if (variable.is(kGlobalVariable, "SecureBoot"))
    return variable.value.size() == 1 && variable.value[0] == 1 ? "Secure Boot is on"
                                                                : "Secure Boot is off";
  const std::string name = database_name(variable);
  const auto entries = count_signatures(variable.value);
  if (!name.empty() && entries.has_value())
    return name + ", " + size_words(variable.value.size()) + " with " + count_words(*entries);
  return "the variable " + printable(variable.name) + ", " + size_words(variable.value.size());
}

std::string boot_words(const EfiVariable& variable) {
  if (variable.name == "BootOrder") {
    const auto order = parse_boot_order(variable.value);
    return "the boot order of " + count_words(order.has_value() ? order->size() : 0);
  }
  if (const auto description = boot_option_description(variable.value))
    return "the boot option " + printable(variable.name) + ", " + quoted(*description);
  return "the variable " + printable(variable.name) + ", " + size_words(variable.value.size());
}

std::string variable_words(const Event& event) {
  const auto variable = parse_efi_variable(event.data);
  if (!variable.has_value()) return "a malformed UEFI variable";
  if (event.type == EventType::efi_variable_authority)
    return "the authority " + printable(variable->name) + ", " +
           size_words(variable->value.size()) + ", " + digest_words(event);
  return is_boot_variable(event.type) ? boot_words(*variable) : configuration_words(*variable);
}

std::string image_words(const Event& event) {
  std::string words = "EFI application";
  if (event.type == EventType::efi_boot_services_driver) words = "EFI driver";
  if (event.type == EventType::efi_runtime_services_driver) words = "EFI runtime driver";
  const std::string path = image_path(event.data);
  return words + (path.empty() ? "" : " " + printable(path)) + ", " + digest_words(event);
}

std::string label_words(GrubLabel label) {
  switch (label) {
    case GrubLabel::command:
      return "GRUB command ";
    case GrubLabel::kernel_command_line:
      return "kernel command line ";
    case GrubLabel::module_command_line:
      return "module command line ";
  }
  return "";
}

std::string without_nul(std::string_view text) {
  return std::string(text.substr(0, text.find('\0')));
}

std::string loader_words(const Event& event, const BoundData& data) {
  if (const auto string = grub_string(event))
    return label_words(string->label) + quoted(without_nul(string->text));
  const auto even = ByteView(event.data).first(event.data.size() & ~std::size_t{1});
  const auto utf16 = utf16_text(even);
  if (data.binding == DataBinding::proven && utf16) return "loader text " + quoted(*utf16);
  const bool wide = event.data.size() > 1 && event.data[1] == 0 && utf16;
  return "loader object " + quoted(wide ? *utf16 : without_nul(as_text(event.data))) + ", " +
         digest_words(event);
}

constexpr auto kPlainNames = std::to_array<std::pair<EventType, std::string_view>>({
    {EventType::separator, "separator"},
    {EventType::no_action, "a note that is not measured"},
    {EventType::post_code, "firmware code"},
    {EventType::s_crtm_contents, "the contents of the root of trust for measurement"},
    {EventType::cpu_microcode, "CPU microcode"},
    {EventType::platform_config_flags, "platform configuration"},
    {EventType::table_of_devices, "the table of devices"},
    {EventType::efi_gpt_event, "the partition table"},
    {EventType::efi_platform_firmware_blob, "a firmware volume"},
    {EventType::efi_platform_firmware_blob2, "a firmware volume"},
    {EventType::efi_handoff_tables, "the firmware's tables"},
    {EventType::efi_handoff_tables2, "the firmware's tables"},
    {EventType::nonhost_info, "information about the platform"},
    {EventType::event_tag, "a tagged event"},
});

std::string plain_words(const Event& event) {
  for (const auto& [type, words] : kPlainNames)
    if (type == event.type)
      return type == EventType::separator || type == EventType::no_action
                 ? std::string(words)
                 : std::string(words) + ", " + digest_words(event);
  return "an event of type " + name_of(event.type) + ", " + digest_words(event);
}

std::string words_by_type(const Event& event, const BoundData& data) {
  if (is_variable(event.type)) return variable_words(event);
  if (is_image_load(event.type)) return image_words(event);
  if (event.type == EventType::ipl) return loader_words(event, data);
  if (event.type == EventType::efi_action || event.type == EventType::action)
    return "firmware says " + quoted(as_text(event.data));
  if (event.type == EventType::s_crtm_version)
    return "firmware version " + quoted(version_text(event.data));
  if (event.type == EventType::event_tag && event.data.size() > 8)
    return quoted(without_nul(as_text(ByteView(event.data).subspan(8)))) + ", " +
           digest_words(event);
  return plain_words(event);
}

}  // namespace

std::string in_words(const Event& event) {
  const bool measured = event.type != EventType::no_action;
  const BoundData data = measured ? bound_data(event, strongest_bank(event)) : BoundData{};
  std::string words = words_by_type(event, data);
  if (data.binding == DataBinding::contradicted) words += " (but something else was measured)";
  return words;
}

}  // namespace vedette::attestation
