// Checkpoints (C2SP tlog-checkpoint): how large a log is, and the root that fixes its whole
// content.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/verified.h"
#include "ledger/log_store.h"
#include "ledger/signed_note.h"

namespace vedette::ledger {

struct Checkpoint {
  std::string origin;  // which log; also the name of the key that signs
  std::uint64_t size = 0;
  TreeHash root{};
  std::vector<std::string> extensions;  // further lines, never written by us

  friend bool operator==(const Checkpoint&, const Checkpoint&) = default;

  class VerificationKey {
    VerificationKey() = default;
    friend Result<Verified<Checkpoint>> verify_checkpoint(std::string_view note,
                                                          const NoteVerifier& log);
  };
};

using VerifiedCheckpoint = Verified<Checkpoint>;

// `origin\nsize\nbase64(root)\n`.
[[nodiscard]] std::string to_checkpoint_body(const Checkpoint& checkpoint);

// Refuses CHECKPOINT-SYNTAX: no origin, a size with a sign, a leading zero or beyond 64 bits, a
// root of another length than 32 octets or in another base64 than the canonical, an empty extension
// line, no line feed at the end, any control character.
[[nodiscard]] Result<Checkpoint> parse_checkpoint_body(std::string_view body);

[[nodiscard]] Result<std::string> sign_checkpoint(const Checkpoint& checkpoint,
                                                  const NoteSigner& signer);

// A signed note by the log itself. Besides the NOTE codes refuses CHECKPOINT-ORIGIN when it speaks
// for another log than its key's name says.
[[nodiscard]] Result<VerifiedCheckpoint> verify_checkpoint(std::string_view note,
                                                           const NoteVerifier& log);

}  // namespace vedette::ledger
