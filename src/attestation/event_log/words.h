// Events in words, for operators.
#pragma once

#include <string>

#include "attestation/event_log/event_log.h"

namespace vedette::attestation {

// One plain sentence without a full stop: "the revocation list dbx, 23022 octets with 371
// entries", "EFI application \EFI\debian\shimx64.efi, digest 1f0c...". Judged by the strongest
// digest of the event; says so where the data is not what was measured. Fit for a terminal.
[[nodiscard]] std::string in_words(const Event& event);

}  // namespace vedette::attestation
