// DataBinding: how much of an event's data its digest covers.
#pragma once

#include <optional>
#include <string_view>

#include "attestation/event_log/event_log.h"

namespace vedette::attestation {

enum class DataBinding {
  proven,        // the digest is that of `measured`
  contradicted,  // the type's digest is that of its data, but this one is not: believe none of it
  opaque,  // the digest is of something else (an image, a file), which the data only describes
};

struct BoundData {
  DataBinding binding = DataBinding::opaque;
  ByteView measured;  // the part of the event's data that was hashed; empty unless proven
};

// By what writes such events:
//   EV_SEPARATOR, EV_EFI_VARIABLE_DRIVER_CONFIG, EV_S_CRTM_VERSION, EV_(EFI_)ACTION,
//   EV_EFI_GPT_EVENT: all of the data (PFP, "Event Types")
//   EV_EFI_VARIABLE_AUTHORITY: the same; old shims log one octet more than they hash
//   EV_EFI_VARIABLE_BOOT(2): all of the data, or the variable's value without its name, which then
//   is a claim
//   EV_IPL of GRUB: the string behind its label ("grub_cmd: "), without the final NUL; in older
//   ones with it. The label is a claim. Other EV_IPL: all of the data, one NUL more than logged
//   (systemd-boot), or opaque (files that GRUB read, MokList)
//   image loads, EV_EVENT_TAG of the kernel's stub: opaque
//   everything else: proven if it happens to be, opaque otherwise
// An event without that bank's digest is contradicted. The event must outlive the result.
[[nodiscard]] BoundData bound_data(const Event& event, codec::TpmAlgorithm bank);

// A string that GRUB measured, taken apart: what it says that it is, and the string.
enum class GrubLabel { command, kernel_command_line, module_command_line };
struct GrubString {
  GrubLabel label = GrubLabel::command;
  std::string_view text;  // with the NUL that ends it, if it does
};
[[nodiscard]] std::optional<GrubString> grub_string(const Event& event);

// The separator's value: 0x00000000 or 0xFFFFFFFF for sound firmware, 1 for one that failed.
enum class SeparatorValue { sound, failed };
// By digest alone, whatever type the event claims.
[[nodiscard]] std::optional<SeparatorValue> separator_by_digest(const Event& event,
                                                                codec::TpmAlgorithm bank);

}  // namespace vedette::attestation
