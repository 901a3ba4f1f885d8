// The demo's attacks on the chain: each must be refused, with code, cause and hint.
#pragma once

#include "base/error.h"
#include "cli/demo/acts.h"
#include "cli/demo/narrator.h"
#include "cli/demo/theatre.h"

namespace vedette::cli::demo {

[[nodiscard]] Result<void> attack_flipped_bit(Narrator& narrator, Theatre& theatre, Cast& cast,
                                              const Material& material);
[[nodiscard]] Result<void> attack_stranger_signs(Narrator& narrator, Theatre& theatre,
                                                 const Material& material);
[[nodiscard]] Result<void> attack_unattested_result(Narrator& narrator, Theatre& theatre,
                                                    Cast& cast);
[[nodiscard]] Result<void> attack_replayed_quote(Narrator& narrator, Theatre& theatre, Cast& cast);
// After the replay: the malware holds the camera's identity beside the camera.
[[nodiscard]] Result<void> attack_cloned_identity(Narrator& narrator, Theatre& theatre, Cast& cast);
[[nodiscard]] Result<void> attack_cage(Narrator& narrator, Theatre& theatre);
[[nodiscard]] Result<void> attack_changed_state(Narrator& narrator, Theatre& theatre, Cast& cast);
// A device revoked while its connection is up: closed within two seconds.
[[nodiscard]] Result<void> attack_after_revocation(Narrator& narrator, Theatre& theatre,
                                                   Cast& cast);
// Last: the log of all these decisions holds together.
[[nodiscard]] Result<void> check_log(Narrator& narrator, Theatre& theatre);

}  // namespace vedette::cli::demo
