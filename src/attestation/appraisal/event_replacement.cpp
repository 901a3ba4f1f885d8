#include "attestation/appraisal/event_replacement.h"

#include <algorithm>
#include <array>
#include <ranges>
#include <utility>

#include "attestation/event_log/data_binding.h"
#include "attestation/event_log/efi_text.h"
#include "attestation/event_log/efi_variable.h"
#include "attestation/event_log/loader_tags.h"
#include "attestation/event_log/words.h"
#include "attestation/measurement/little_endian.h"
#include "attestation/measurement/register_bank.h"
#include "codec/pe_image.h"

namespace vedette::attestation {

namespace {

using codec::TpmAlgorithm;

constexpr std::size_t kTpmRegisters = 24;
constexpr std::uint8_t kFirmwareRegister = 0;
constexpr std::uint8_t kApplicationRegister = 4;
constexpr std::uint8_t kPolicyRegister = 7;
constexpr std::uint8_t kStringRegister = 8;
constexpr std::uint8_t kFileRegister = 9;
constexpr std::uint8_t kParameterRegister = 12;
constexpr std::size_t kMaxCommandLine = 4096;
// GRUB hands the path of the kernel over as this parameter, and measures it without.
constexpr std::string_view kBootImage = "BOOT_IMAGE=";
const Bytes kWideNul{0, 0};

std::unexpected<Error> refuse_event(std::string cause) {
  return refuse("ATT-PREDICT-EVENT", "the log has no event that this would change",
                std::move(cause), "take the log of a device that boots as the planned one will");
}

std::string_view without_nul(std::string_view text) {
  return text.substr(0, text.find('\0'));
}

std::string_view first_word(std::string_view text) {
  return text.substr(0, text.find(' '));
}

std::string_view as_grub_measures(std::string_view line) {
  return line.starts_with(kBootImage) ? line.substr(kBootImage.size()) : line;
}

bool is_kernel_line(const Event& event) {
  const auto string = grub_string(event);
  return string && string->label == GrubLabel::kernel_command_line;
}

// Of GRUB, the last: "/vmlinuz root=/dev/sda2 ro". Empty without one.
std::string kernel_line(const EventLog& log) {
  for (const Event& event : log.events | std::views::reverse)
    if (event.pcr == kStringRegister && is_kernel_line(event))
      return std::string(without_nul(grub_string(event)->text));
  return {};
}

// What GRUB's last `initrd` command names; empty when it names none or several.
std::string initrd_name(const EventLog& log) {
  for (const Event& event : log.events | std::views::reverse) {
    const auto string = grub_string(event);
    if (!string || string->label != GrubLabel::command) continue;
    const std::string_view command = without_nul(string->text);
    if (!first_word(command).starts_with("initrd")) continue;
    const std::size_t space = command.find(' ');
    if (space == std::string_view::npos) return {};
    const std::string_view name = command.substr(space + 1);
    return std::string(name.find(' ') == std::string_view::npos ? name : "");
  }
  return {};
}

// Banks of algorithms that we do not know keep what they have: nothing is said about them.
void measure(Event& event, ByteView octets) {
  for (EventDigest& digest : event.digests)
    if (codec::digest_size(digest.bank) != 0) digest.value = digest_by(digest.bank, octets);
}

bool is_measured(const Event& event, ByteView octets, TpmAlgorithm bank) {
  const Bytes* const digest = event.digest(bank);
  return digest != nullptr && digest_by(bank, octets) == *digest;
}

// In the form that the string had: older loaders hash the NUL at its end, too.
void rewrite(Event& event, const GrubString& string, const std::string& text, TpmAlgorithm bank) {
  Bytes measured = to_bytes(text);
  if (string.text.ends_with('\0') && is_measured(event, as_bytes(string.text), bank))
    measured.push_back(0);
  Bytes data(event.data.begin(),
             event.data.end() - static_cast<std::ptrdiff_t>(string.text.size()));
  append(data, as_bytes(text));
  data.push_back(0);
  measure(event, measured);
  event.data = std::move(data);
}

bool has_same_digests(const Event& one, const Event& other) {
  return std::ranges::equal(one.digests, other.digests, {}, &EventDigest::value,
                            &EventDigest::value);
}

using RegisterEvents = std::array<std::vector<const Event*>, kTpmRegisters>;

RegisterEvents by_register(const EventLog& log) {
  RegisterEvents events;
  for (const Event& event : log.events)
    if (event.pcr < kTpmRegisters) events[event.pcr].push_back(&event);
  return events;
}

// Null: there is no such event.
std::optional<ReplacedEvent> change_of(std::uint8_t pcr, const Event* was, const Event* becomes) {
  if (was != nullptr && becomes != nullptr && has_same_digests(*was, *becomes)) return std::nullopt;
  const auto told = [](const Event* event) {
    return event == nullptr ? std::string("nothing") : in_words(*event);
  };
  return ReplacedEvent{was != nullptr ? was->number : becomes->number, pcr, told(was),
                       told(becomes)};
}

Bytes wide(std::string_view text, bool with_nul) {
  Bytes octets = to_utf16(text);
  if (with_nul) append(octets, kWideNul);
  return octets;
}

// In the form that the present ones have; else as systemd's stub hands them over.
void replace_load_options(Event& event, const std::string& present, const std::string& line,
                          TpmAlgorithm bank) {
  for (const std::string_view prefix : {kBootImage, std::string_view()})
    for (const bool with_nul : {false, true}) {
      if (present.empty() ||
          !is_measured(event, wide(std::string(prefix) + present, with_nul), bank))
        continue;
      measure(event, wide(std::string(prefix) + std::string(as_grub_measures(line)), with_nul));
      return;
    }
  measure(event, wide(line, true));
}

// UEFI_VARIABLE_DATA: GUID, units of the name, octets of the value, name, value.
Bytes with_value(ByteView data, const EfiVariable& variable, ByteView value) {
  constexpr std::size_t kLengthAt = 16 + 8;
  const auto before = static_cast<std::size_t>(variable.value.data() - data.data());
  Bytes octets = to_bytes(data.first(before));
  for (std::size_t i = 0; i < 8; ++i)
    octets[kLengthAt + i] = static_cast<std::uint8_t>((value.size() >> (8 * i)) & 0xFFU);
  append(octets, value);
  return octets;
}

}  // namespace

EventReplacement::EventReplacement(EventLog log, TpmAlgorithm bank)
    : bank_(bank), before_(log), log_(std::move(log)) {}

// The order between registers is nobody's: an event took the place of the one that was as far on in
// its register.
std::vector<ReplacedEvent> EventReplacement::replaced() const {
  auto was = by_register(before_);
  auto becomes = by_register(log_);
  std::vector<ReplacedEvent> replaced;
  for (std::uint8_t pcr = 0; pcr < kTpmRegisters; ++pcr) {
    const std::size_t most = std::max(was[pcr].size(), becomes[pcr].size());
    was[pcr].resize(most);
    becomes[pcr].resize(most);
    for (std::size_t i = 0; i < most; ++i)
      if (const auto change = change_of(pcr, was[pcr][i], becomes[pcr][i]))
        replaced.push_back(*change);
  }
  std::ranges::sort(replaced, {},
                    [](const ReplacedEvent& event) { return std::pair(event.number, event.pcr); });
  return replaced;
}

Event* EventReplacement::last_tag(std::uint32_t tag) {
  for (Event& event : log_.events | std::views::reverse) {
    if (event.type != EventType::event_tag || event.pcr != kFileRegister) continue;
    codec::ByteReader reader(event.data, "ATT-LOG-SYNTAX", "a tagged event is malformed");
    const auto found = read_u32_le(reader, "taggedEventID");
    if (found && *found == tag) return &event;
  }
  return nullptr;
}

// GRUB names files by device and path, "(hd0,gpt2)/vmlinuz"; commands mostly by path alone.
Event* EventReplacement::file_named(std::string_view name) {
  if (name.empty()) return nullptr;
  for (Event& event : log_.events | std::views::reverse) {
    if (event.type != EventType::ipl || event.pcr != kFileRegister || grub_string(event)) continue;
    const std::string_view claimed = without_nul(as_text(event.data));
    if (!claimed.ends_with(name)) continue;
    const std::string_view device = claimed.substr(0, claimed.size() - name.size());
    if (device.empty() || (device.starts_with('(') && device.ends_with(')'))) return &event;
  }
  return nullptr;
}

// GRUB measures what it reads, so a file that is missing here was called otherwise.
void EventReplacement::note_unread(std::string_view file) {
  if (kernel_line(log_).empty()) return;
  doubts_.push_back("PCR 9: that GRUB reads the " + std::string(file) +
                    " is not foreseen: its event was not found");
}

Result<void> EventReplacement::take_kernel(ByteView image) {
  VEDETTE_TRY(const codec::PeImage layout, codec::parse_pe_image(image));
  Event* application = nullptr;
  bool past_separator = false;
  for (Event& event : log_.events) {
    if (event.pcr != kApplicationRegister) continue;
    if (event.type == EventType::separator) past_separator = true;
    if (past_separator && event.type == EventType::efi_boot_services_application)
      application = &event;
  }
  if (application == nullptr) return refuse_event("PCR 4 has no application behind its separator");
  measure(*application, codec::authenticode_octets(image, layout));
  const std::string line = kernel_line(log_);
  Event* const file = file_named(first_word(line));
  if (file != nullptr)
    measure(*file, image);
  else
    note_unread("kernel");
  return {};
}

Result<void> EventReplacement::take_initrd(ByteView octets) {
  Event* const tag = last_tag(kInitrdTag);
  Event* const file = file_named(initrd_name(log_));
  if (tag == nullptr && file == nullptr) return refuse_event("no initial file system in PCR 9");
  if (tag != nullptr) measure(*tag, octets);
  if (file != nullptr)
    measure(*file, octets);
  else
    note_unread("initial file system");
  return {};
}

Result<void> EventReplacement::take_command_line(const std::string& line) {
  const auto is_plain = [](char c) { return c >= 0x20 && c < 0x7F; };
  if (line.empty() || line.size() > kMaxCommandLine || !std::ranges::all_of(line, is_plain))
    return refuse("ATT-PREDICT-TEXT", "the command line is not printable ASCII of 1 to 4096 octets",
                  std::to_string(line.size()) + " octets");
  const std::string present = kernel_line(before_);
  std::string planned = line;
  if (!present.empty() && !line.starts_with(kBootImage))
    planned = std::string(kBootImage) + std::string(first_word(present)) + " " + line;
  Event* const options = last_tag(kLoadOptionsTag);
  if (options != nullptr) replace_load_options(*options, present, planned, bank_);
  const bool in_grub = replace_grub_line(present, planned);
  const bool in_stub = replace_utf16_line(planned);
  if (options == nullptr && !in_grub && !in_stub)
    return refuse_event("no command line in PCR 8, 9 or 12");
  return {};
}

Result<void> EventReplacement::take_firmware(const EventLog& with) {
  const auto is_firmware = [](const Event& event) { return event.pcr == kFirmwareRegister; };
  const auto first = std::ranges::find_if(log_.events, is_firmware);
  if (std::ranges::none_of(with.events, is_firmware))
    return refuse_event("PCR 0 has no events in the log of the firmware to come");
  if (with.banks != log_.banks)
    return refuse_event("the log of the firmware to come has digests of other banks");
  const auto place = std::distance(log_.events.begin(), first);
  std::erase_if(log_.events, is_firmware);
  std::vector<Event> planned;
  std::ranges::copy_if(with.events, std::back_inserter(planned), is_firmware);
  log_.events.insert(log_.events.begin() + place, planned.begin(), planned.end());
  for (std::size_t i = 0; i < log_.events.size(); ++i)
    log_.events[i].number = i + 1;
  doubts_.emplace_back(
      "PCR 1, 2 and 3: settings and drivers that the firmware to come brings are not foreseen");
  return {};
}

Result<void> EventReplacement::take_database(const std::string& name, ByteView signature_lists) {
  VEDETTE_CHECK(count_signatures(signature_lists));
  for (Event& event : log_.events) {
    if (event.pcr != kPolicyRegister || event.type != EventType::efi_variable_driver_config)
      continue;
    const auto variable = parse_efi_variable(event.data);
    if (!variable || !variable->is(kImageSecurity, name)) continue;
    event.data = with_value(event.data, *variable, signature_lists);
    measure(event, event.data);
    if (name == "db")
      doubts_.emplace_back(
          "PCR 7: which entries of the db to come vouch for the images is not foreseen");
    return {};
  }
  return refuse_event("PCR 7 has no variable " + name);
}

bool EventReplacement::replace_grub_line(const std::string& present, const std::string& line) {
  if (present.empty()) return false;
  const std::string planned(as_grub_measures(line));
  bool has_command = false;
  for (Event& event : log_.events) {
    const auto string = grub_string(event);
    if (event.pcr != kStringRegister || !string) continue;
    const std::string text(without_nul(string->text));
    if (string->label == GrubLabel::kernel_command_line && text == present) {
      rewrite(event, *string, planned, bank_);
    } else if (string->label == GrubLabel::command && text.starts_with("linux") &&
               text == std::string(first_word(text)) + " " + present) {
      rewrite(event, *string, std::string(first_word(text)) + " " + planned, bank_);
      has_command = true;
    }
  }
  if (!has_command)
    doubts_.emplace_back(
        "PCR 8: GRUB's command that loads the kernel was not found and not changed");
  return true;
}

// systemd-stub and -boot: the present line is the last text that is proven by its digest.
bool EventReplacement::replace_utf16_line(const std::string& line) {
  for (Event& event : log_.events | std::views::reverse) {
    const bool here = event.pcr == kParameterRegister || event.pcr == kStringRegister;
    if (!here || event.type != EventType::ipl || grub_string(event)) continue;
    if (bound_data(event, bank_).binding != DataBinding::proven) continue;
    event.data = wide(line, true);
    measure(event, event.data);
    return true;
  }
  return false;
}

}  // namespace vedette::attestation
