// JSON Web Signatures in compact form, ES256 alone (RFC 7515, RFC 7518 3.4).
#pragma once

#include <string>

#include "base/error.h"
#include "codec/json.h"
#include "crypto/key.h"

namespace vedette::crypto {

struct JwsHeader {
  std::string type;    // `typ`; a token without one verifies nowhere
  std::string key_id;  // `kid`; may be empty
};

// A P-256 key; the signature has low s, so that a payload has one signature text per signing.
[[nodiscard]] Result<std::string> sign_jws(const JwsHeader& header, std::string_view payload,
                                           const PrivateKey& key);

// The header before the signature is checked: only to choose the key by `kid`.
[[nodiscard]] Result<JwsHeader> peek_jws_header(std::string_view jws);

// The payload of a JWS that `key` signed. At most 256 KiB. Refuses JWS-SYNTAX (header members other
// than alg, typ and kid included), JWS-ALGORITHM (anything but ES256, `none` and `crit` included),
// JWS-TYPE when `typ` is not `expected_type`, JWS-SIGNATURE (a high s included).
[[nodiscard]] Result<std::string> verify_jws(std::string_view jws, std::string_view expected_type,
                                             const PublicKey& key);

}  // namespace vedette::crypto
