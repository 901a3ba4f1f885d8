// Statement: one thing that a proven log says of a device, as a category and a value. So a policy
// is a table of accepted values, learning is writing down what was said, and an explanation is the
// difference between two lists.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attestation/event_log/boot_facts.h"
#include "attestation/runtime_log/runtime_event.h"
#include "attestation/trust_vector.h"

namespace vedette::attestation {

struct Statement {
  std::string category;  // `application`, `kernel-command-line`, `database dbx`
  std::string value;     // text, or a digest in lower-case hexadecimal
  std::uint8_t pcr = 0;  // whose value proves it
  TrustClaim claim = TrustClaim::executables;
  std::string words;  // a sentence without a full stop, fit for a terminal

  friend bool operator==(const Statement&, const Statement&) = default;
};

// Of a boot, in the order of the registers and of the events in each:
//
//   firmware            every event of PCR 0 and 2 that is no separator, action or image, by digest
//   secure-boot         `on`, `off` or `unknown`
//   database NAME       PK, KEK, db, dbx: the digest of the event
//   authority           what allowed an image to run, by digest
//   driver, application images of PCR 2 and of PCR 4, by Authenticode digest
//   boot-services       `exited` or `not-exited`: until then images may change what was measured
//   kernel-command-line text; of GRUB, and of the kernel's own stub
//   module-command-line, grub-command   text
//   file                what GRUB read, by digest
//   initrd              by digest
//   load-options        of the kernel's stub, when they are no text, by digest
//   stub-section        of systemd's stub: `NAME DIGEST`
//   mok-list            of shim: `NAME DIGEST`
//   unknown             an event of a type that we do not know, or whose data is not what was
//                       measured, in PCR 4, 5, 7 to 9, 11, 12 or 14: by digest
//
// PCR 1, 3, 5 and 6 hold settings and tables that differ from device to device: of them nothing is
// stated but `boot-services`. Whoever wants to hold devices to those gives exact values.
//
// The kernel's stub measures its load options and logs no text. `claimed_command_line`, which the
// device says beside its log, is taken for them if it hashes to what was measured (UTF-16, with its
// NUL); else they are told by their digest.
[[nodiscard]] std::vector<Statement> boot_statements(const Verified<BootLog>& boot,
                                                     const BootFacts& facts,
                                                     std::string_view claimed_command_line = {});

// The registers that boot_statements() speaks for.
[[nodiscard]] const std::set<std::uint8_t>& boot_statement_registers();

// What was measured while running: the event's kind with its digest (`model-release`), and each
// power (`power`) as text.
[[nodiscard]] std::vector<Statement> runtime_statements(std::span<const RuntimeEvent> events,
                                                        std::uint8_t pcr);

// By category, the values that are accepted.
using Accepted = std::map<std::string, std::set<std::string>>;
inline constexpr const char* kAnyValue = "*";
// Of model releases and runtime contracts: those that the control plane has published and not
// blocked.
inline constexpr const char* kPublished = "published";

}  // namespace vedette::attestation
