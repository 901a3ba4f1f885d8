// PCR 8 to 14: shim, GRUB, systemd-boot and -stub, the kernel's EFI stub.
#include "attestation/event_log/efi_text.h"
#include "attestation/event_log/loader_tags.h"
#include "attestation/event_log/register_facts.h"
#include "attestation/measurement/little_endian.h"
#include "attestation/measurement/register_bank.h"

namespace vedette::attestation {
namespace {

constexpr std::uint8_t kStringRegister = 8;  // GRUB's strings; systemd-boot's before version 251
constexpr std::uint8_t kFileRegister = 9;
constexpr std::uint8_t kStubRegister = 11;
constexpr std::uint8_t kParameterRegister = 12;  // systemd-stub's command line
constexpr std::uint8_t kMokRegister = 14;

std::string until_nul(ByteView data) {
  const std::string_view text = as_text(data);
  return std::string(text.substr(0, text.find('\0')));
}

bool is_hash_of(const ProvenEvent& proven, ByteView data) {
  return digest_by(proven.bank, data) == proven.digest;
}

// GRUB puts the kernel's path before its arguments and measures the string without; the kernel
// gets UTF-16, from GRUB without the final NUL, from systemd-stub with it.
bool is_taken_from(const ProvenEvent& proven, const std::string& command_line) {
  for (const char* const prefix : {"", "BOOT_IMAGE="}) {
    Bytes options = to_utf16(prefix + command_line);
    if (is_hash_of(proven, options)) return true;
    append(options, Bytes{0, 0});
    if (is_hash_of(proven, options)) return true;
  }
  return false;
}

// Compared with the last command line only: a hostile log has thousands of each.
void take_load_options(const ProvenEvent& proven, BootFacts& facts) {
  LoadOptions options{proven.digest, std::nullopt};
  if (!facts.kernel_command_lines.empty() &&
      is_taken_from(proven, facts.kernel_command_lines.back()))
    options.text = facts.kernel_command_lines.back();
  facts.load_options.push_back(std::move(options));
}

void take_tag(const ProvenEvent& proven, BootFacts& facts) {
  codec::ByteReader reader(proven.event.data, "ATT-LOG-SYNTAX", "a tagged event is malformed");
  const auto tag = read_u32_le(reader, "taggedEventID");
  if (tag == kInitrdTag) facts.initrds.push_back(proven.digest);
  if (tag == kLoadOptionsTag) take_load_options(proven, facts);
}

std::vector<std::string>& strings_of(GrubLabel label, BootFacts& facts) {
  if (label == GrubLabel::kernel_command_line) return facts.kernel_command_lines;
  if (label == GrubLabel::module_command_line) return facts.module_command_lines;
  return facts.grub_commands;
}

// systemd-boot and -stub measure the command line as UTF-16; the log may lack its last octet.
void take_utf16_command_line(const ProvenEvent& proven, BootFacts& facts) {
  const ByteView data = proven.data.measured;
  if (const auto text = utf16_text(data.first(data.size() & ~std::size_t{1})))
    facts.kernel_command_lines.push_back(*text);
}

// Each section twice under one description: its name with a NUL, then its contents.
void take_stub_event(const ProvenEvent& proven, BootFacts& facts) {
  const auto utf16 = utf16_text(proven.event.data);
  std::string name = utf16 && utf16->starts_with('.') ? *utf16 : until_nul(proven.event.data);
  auto& sections = facts.stub_sections;
  if (is_hash_of(proven, as_bytes(name + '\0'))) {
    sections.push_back({std::move(name), {}});
  } else if (!sections.empty() && sections.back().claimed_name == name &&
             sections.back().digest.empty()) {
    sections.back().digest = proven.digest;
  }
}

void take_ipl(const ProvenEvent& proven, BootFacts& facts) {
  const std::uint8_t pcr = proven.event.pcr;
  const bool is_text = proven.data.binding == DataBinding::proven;
  if (const auto string = grub_string(proven.event)) {
    if (is_text) strings_of(string->label, facts).emplace_back(as_text(proven.data.measured));
  } else if (pcr == kFileRegister) {
    facts.files.push_back({until_nul(proven.event.data), proven.digest});
  } else if (pcr == kMokRegister) {
    facts.mok_lists.push_back({until_nul(proven.event.data), proven.digest});
  } else if (pcr == kStubRegister) {
    take_stub_event(proven, facts);
  } else if (is_text && (pcr == kStringRegister || pcr == kParameterRegister)) {
    take_utf16_command_line(proven, facts);
  }
}

}  // namespace

void take_loader_event(const ProvenEvent& proven, BootFacts& facts) {
  if (proven.event.type == EventType::ipl) take_ipl(proven, facts);
  if (proven.event.type == EventType::event_tag && proven.event.pcr == kFileRegister)
    take_tag(proven, facts);
}

}  // namespace vedette::attestation
