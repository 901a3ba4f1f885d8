// DSSE envelopes (secure-systems-lab/dsse v1.0.2): a signature over a payload and its type.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "codec/json.h"
#include "crypto/key.h"

namespace vedette::release {

inline constexpr std::string_view kInTotoPayloadType = "application/vnd.in-toto+json";

// `DSSEv1 <len(type)> <type> <len(payload)> <payload>` (protocol.md, "Signature Definition"): what
// is signed. The encoding that escaped the payload's octets, once in use, is neither made nor
// accepted.
[[nodiscard]] Bytes pre_authentication_encoding(std::string_view payload_type, ByteView payload);

// `{"payload","payloadType","signatures":[{"sig","keyid"}]}` with one signature; `key_id` is a hint
// that nobody may rely on, and may be empty. Refuses what PrivateKey::sign refuses.
[[nodiscard]] Result<codec::Json> sign_dsse(std::string_view payload_type, ByteView payload,
                                            const crypto::PrivateKey& key,
                                            std::string_view key_id = {});

struct DssePayload {
  Bytes payload;             // the octets that were signed
  crypto::PublicKey signer;  // the trusted key that signed them
};

// The payload of an envelope that exactly one signature covers, made by one of `trusted` with its
// curve's own hash. `hint` (or, if it is empty, the envelope's keyid) only words the refusal.
// Refuses DSSE-SYNTAX (any other member, not base64), DSSE-TYPE (another payload type),
// DSSE-SIGNATURES (none, or more than one: which of them counts is a policy that one key has not),
// DSSE-UNTRUSTED (the hint names a key that is not trusted), DSSE-SIGNATURE (all other mismatch).
[[nodiscard]] Result<DssePayload> verify_dsse(const codec::Json& envelope,
                                              std::string_view payload_type,
                                              std::span<const crypto::PublicKey> trusted,
                                              std::string_view hint = {});

// Lower-case hex SHA-256 of the key's PEM text, final newline included: how OpenSSF Model Signing
// names a key in a bundle, and we in a keyid.
[[nodiscard]] std::string key_hint(const crypto::PublicKey& key);

}  // namespace vedette::release
