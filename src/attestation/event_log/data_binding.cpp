#include "attestation/event_log/data_binding.h"

#include <algorithm>
#include <array>
#include <utility>

#include "attestation/event_log/efi_variable.h"
#include "attestation/measurement/register_bank.h"

namespace vedette::attestation {
namespace {

using codec::TpmAlgorithm;

constexpr auto kGrubLabels = std::to_array<std::pair<std::string_view, GrubLabel>>({
    {"grub_cmd: ", GrubLabel::command},
    {"kernel_cmdline: ", GrubLabel::kernel_command_line},
    {"module_cmdline: ", GrubLabel::module_command_line},
    {"grub_cmd ", GrubLabel::command},  // Fedora's before 2.04
    {"grub_kernel_cmdline ", GrubLabel::kernel_command_line},
});

constexpr auto kHashedWhole = std::to_array<EventType>({
    EventType::separator,
    EventType::efi_variable_driver_config,
    EventType::s_crtm_version,
    EventType::action,
    EventType::efi_action,
    EventType::efi_gpt_event,
});

bool is_hashed_whole(EventType type) {
  return std::ranges::find(kHashedWhole, type) != kHashedWhole.end();
}

class Binder {
 public:
  Binder(const Event& event, TpmAlgorithm bank, const Bytes& digest)
      : event_(event), bank_(bank), digest_(digest) {}

  [[nodiscard]] BoundData bind() const {
    if (is_image_load(event_.type)) return {};
    if (event_.type == EventType::ipl) return initial_program_load();
    if (event_.type == EventType::efi_variable_authority) return authority();
    if (is_boot_variable(event_.type)) return boot_variable();
    return all_or(is_hashed_whole(event_.type) ? DataBinding::contradicted : DataBinding::opaque);
  }

 private:
  [[nodiscard]] bool is_hash_of(ByteView data) const { return digest_by(bank_, data) == digest_; }

  [[nodiscard]] BoundData all_or(DataBinding otherwise) const {
    if (is_hash_of(event_.data)) return {DataBinding::proven, event_.data};
    return {otherwise, {}};
  }

  [[nodiscard]] BoundData authority() const {
    if (is_hash_of(event_.data)) return {DataBinding::proven, event_.data};
    const ByteView data = event_.data;
    if (!data.empty() && is_hash_of(data.first(data.size() - 1)))
      return {DataBinding::proven, data.first(data.size() - 1)};
    return {DataBinding::contradicted, {}};
  }

  [[nodiscard]] BoundData boot_variable() const {
    if (is_hash_of(event_.data)) return {DataBinding::proven, event_.data};
    const auto variable = parse_efi_variable(event_.data);
    if (variable.has_value() && is_hash_of(variable->value))
      return {DataBinding::proven, variable->value};
    return {DataBinding::contradicted, {}};
  }

  [[nodiscard]] BoundData initial_program_load() const {
    if (const auto string = grub_string(event_)) return labelled(as_bytes(string->text));
    if (is_hash_of(event_.data)) return {DataBinding::proven, event_.data};
    Bytes longer = event_.data;
    longer.push_back(0);
    if (is_hash_of(longer)) return {DataBinding::proven, event_.data};
    return {};
  }

  [[nodiscard]] BoundData labelled(ByteView text) const {
    const bool ends_in_nul = !text.empty() && text.back() == 0;
    const ByteView bare = ends_in_nul ? text.first(text.size() - 1) : text;
    if (is_hash_of(bare) || (ends_in_nul && is_hash_of(text))) return {DataBinding::proven, bare};
    return {DataBinding::contradicted, {}};
  }

  const Event& event_;
  TpmAlgorithm bank_;
  const Bytes& digest_;
};

bool has_digest_of(const Bytes& digest, TpmAlgorithm bank, std::uint32_t value) {
  const auto octet = [value](unsigned shift) { return static_cast<std::uint8_t>(value >> shift); };
  const Bytes little_endian{octet(0), octet(8), octet(16), octet(24)};
  return digest == digest_by(bank, little_endian);
}

}  // namespace

BoundData bound_data(const Event& event, TpmAlgorithm bank) {
  const Bytes* const digest = event.digest(bank);
  if (digest == nullptr) return {DataBinding::contradicted, {}};
  return Binder(event, bank, *digest).bind();
}

std::optional<GrubString> grub_string(const Event& event) {
  if (event.type != EventType::ipl) return std::nullopt;
  const std::string_view text = as_text(event.data);
  for (const auto& [prefix, label] : kGrubLabels)
    if (text.starts_with(prefix)) return GrubString{label, text.substr(prefix.size())};
  return std::nullopt;
}

std::optional<SeparatorValue> separator_by_digest(const Event& event, TpmAlgorithm bank) {
  const Bytes* const digest = event.digest(bank);
  if (digest == nullptr) return std::nullopt;
  if (has_digest_of(*digest, bank, 0) || has_digest_of(*digest, bank, 0xFFFFFFFF))
    return SeparatorValue::sound;
  if (has_digest_of(*digest, bank, 1)) return SeparatorValue::failed;
  return std::nullopt;
}

}  // namespace vedette::attestation
