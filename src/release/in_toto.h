// in-toto Statements v1 about a model, each in its own DSSE envelope: what the statements of a
// release have in common.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "codec/json.h"
#include "crypto/digest.h"
#include "crypto/key.h"

namespace vedette::release {

// One statement: what `predicate` says about the model with this name and root digest.
struct InTotoStatement {
  std::string model;
  crypto::Sha256Digest model_root{};
  codec::Json predicate{};  // an object
};

// Which statements are taken, how long they may be, and how a refusal names them.
struct InTotoKind {
  std::string_view predicate_type;
  std::string_view code;  // e.g. `REL-STATEMENT`
  std::string_view noun;  // e.g. `release statement`
  codec::JsonLimits limits;
};

struct SignedInToto {
  std::string envelope;                   // DSSE, JSON text
  crypto::Sha256Digest payload_sha256{};  // of the octets that were signed
};

struct VerifiedInToto {
  InTotoStatement statement;
  crypto::Sha256Digest payload_sha256{};
  crypto::PublicKey signer;
};

// Refuses what the key refuses.
[[nodiscard]] Result<SignedInToto> sign_in_toto(const InTotoStatement& statement,
                                                const InTotoKind& kind,
                                                const crypto::PrivateKey& key);

// Octets as received, signed by one of `publishers`. Refuses JSON-*, the codes of verify_dsse, and
// the kind's own code for a payload of any other form: other members, another type, not exactly one
// subject with exactly one SHA-256 digest.
[[nodiscard]] Result<VerifiedInToto> verify_in_toto(std::string_view envelope,
                                                    const InTotoKind& kind,
                                                    std::span<const crypto::PublicKey> publishers);

}  // namespace vedette::release
