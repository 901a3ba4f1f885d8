// Prediction: the registers after a change that is only planned, so that they can be accepted
// before the first device has them.
//
// A prediction is no evidence: it is computed from a log that nobody vouches for, and what is
// accepted by it is accepted because an operator says so.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "attestation/appraisal/statement.h"
#include "attestation/event_log/event_log.h"

namespace vedette::attestation {

struct PlannedChange {
  std::optional<Bytes> kernel{};              // a PE image
  std::optional<Bytes> initrd{};              // as the loader hands it over
  std::optional<std::string> command_line{};  // as /proc/cmdline will have it
  std::optional<EventLog> firmware{};         // of a boot with the firmware to come
  std::map<std::string, Bytes> databases{};   // `db` or `dbx`: signature lists to come
};

struct RegisterChange {
  std::uint8_t pcr = 0;
  Bytes was;
  Bytes becomes;
};

struct ReplacedEvent {
  std::size_t number = 0;
  std::uint8_t pcr = 0;
  std::string was;  // in words
  std::string becomes;
};

struct Prediction {
  std::vector<ReplacedEvent> events;      // in the log's order
  std::vector<RegisterChange> registers;  // of the bank, ascending
  std::vector<Statement> added;           // what would have to be accepted
  std::vector<Statement> gone;            // what need not be any more
  std::vector<std::string> doubts;        // what the log holds that could not be foreseen
};

// Replaces, in the log of a present boot:
//   kernel        the Authenticode digest of the last application in PCR 4; the digest of the file
//                 that GRUB read under the name of the kernel command line's first word (PCR 9)
//   initrd        the digest that the kernel's EFI stub measured (PCR 9, tagged event); that of the
//                 file that GRUB's last `initrd` command names, when it names one
//   command line  the load options as the stub measured them (UTF-16; with the NUL at its end
//                 unless the present ones were measured without), and, of GRUB (PCR 8) and
//                 systemd-stub (PCR 12), the present command line and GRUB's command that holds it.
//                 Where GRUB loads the kernel and the text lacks BOOT_IMAGE=, the present kernel's
//                 path is put before it, as GRUB does
//   firmware      all events of PCR 0, by those of the other log: whichever device of the same make
//                 was updated first knows what the maker's firmware measures
//   databases     the variable of that name in PCR 7
// Refuses what parse_pe_image(), count_signatures() and the replay of the logs refuse, and
//   ATT-PREDICT-NOTHING  no change is planned
//   ATT-PREDICT-EVENT    the log has no event that the change would change, or the log of the
//                        firmware to come none to put there
//   ATT-PREDICT-TEXT     a command line that is not printable ASCII of 1 to 4096 octets
[[nodiscard]] Result<Prediction> predict(const EventLog& log, const PlannedChange& change,
                                         codec::TpmAlgorithm bank = codec::TpmAlgorithm::sha256);

}  // namespace vedette::attestation
