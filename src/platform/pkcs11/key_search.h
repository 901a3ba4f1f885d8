// Finding one P-256 key in a token, and what it says of itself.
#pragma once

#include "base/error.h"
#include "crypto/key.h"
#include "platform/pkcs11/key_rules.h"
#include "platform/pkcs11/token.h"
#include "platform/pkcs11/uri.h"

namespace vedette::platform::pkcs11 {

struct FoundKey {
  CK_OBJECT_HANDLE handle = CK_INVALID_HANDLE;
  crypto::PublicKey public_key;
};

// The one private EC key of that name on P-256, which may sign, and its public object. Refuses
// PKCS11-KEY (none, another curve, no public part, not strict DER, wants its PIN for every
// signature), PKCS11-AMBIGUOUS (more than one) and PKCS11-EXTRACTABLE.
[[nodiscard]] Result<FoundKey> find_key(const Session& session, const Pkcs11Uri& uri,
                                        const KeyRules& rules);

}  // namespace vedette::platform::pkcs11
