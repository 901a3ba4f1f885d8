// JSON Web Key Sets (RFC 7517) of the public keys that ES256 tokens are checked with.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "crypto/key.h"

namespace vedette::crypto {

struct Jwk {
  std::string key_id;  // `kid`, 1 to 128 octets
  PublicKey key;       // on P-256
  // `exp`, as OpenID Federation has it: no token is checked with the key from then on.
  std::optional<TimePoint> expires_at;
};

// `{"keys":[…]}`, each with kty, crv, x, y, use `sig`, alg `ES256`, kid and perhaps exp. Refuses
// JWKS-KEY for a key on another curve.
[[nodiscard]] Result<std::string> to_jwk_set(std::span<const Jwk> keys);

// The keys of a set that are for ES256 signatures and have an id; others are passed over (RFC 7517,
// 5). At most 64 KiB and 64 keys. Refuses JWKS-SYNTAX, JWKS-PRIVATE (a set that holds private or
// symmetric keys: whoever published it has lost them), JWKS-DUPLICATE (two keys of one id) and
// KEY-FORMAT (a point that is none).
[[nodiscard]] Result<std::vector<Jwk>> parse_jwk_set(std::string_view text);

}  // namespace vedette::crypto
