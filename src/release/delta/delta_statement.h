// The delta statement: a publisher says that this delta makes that file of this base.
//
// A DSSE envelope around an in-toto Statement v1 whose subject is the target, by the name of its
// model and its digest. Whoever has it need not read a delta that nobody signed, and knows which
// target to hold it to. It has no age: one of long ago verifies as well, and makes what was current
// then. Which target is wanted now a release statement says.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/error.h"
#include "base/verified.h"
#include "crypto/key.h"
#include "release/delta/delta.h"

namespace vedette::release {

inline constexpr std::string_view kDeltaPredicateType = "https://vedette.dev/delta/v1";
inline constexpr std::size_t kMaxDeltaStatementBytes = 16 << 10;

struct DeltaStatement {
  std::string model;  // the target's file name, for people
  FileIdentity base;
  FileIdentity target;
  FileIdentity delta;
};

// A statement whose signature holds; made by verify_delta_statement alone.
struct SignedDelta : DeltaStatement {
  class VerificationKey {
    VerificationKey() = default;
    friend Result<Verified<SignedDelta>> verify_delta_statement(
        std::string_view envelope, std::span<const crypto::PublicKey> publishers);
  };
};
using VerifiedDelta = Verified<SignedDelta>;

// The envelope's JSON text. Refuses DELTA-STATEMENT for a size that is not 1 to 2^53 - 1, and what
// the key refuses.
[[nodiscard]] Result<std::string> sign_delta_statement(const DeltaStatement& statement,
                                                       const crypto::PrivateKey& key);

// Octets as received, signed by one of `publishers`. Besides the codes of verify_dsse and JSON
// refuses DELTA-STATEMENT (not such a statement).
[[nodiscard]] Result<VerifiedDelta> verify_delta_statement(
    std::string_view envelope, std::span<const crypto::PublicKey> publishers);

// Is this the delta that was signed? Hashes all of it. Refuses DELTA-DIGEST, DELTA-READ.
[[nodiscard]] Result<void> check_delta(const VerifiedDelta& statement, const ByteSource& delta);

}  // namespace vedette::release
