// COSE_Sign1 with ES256, ES384 and EdDSA (Ed25519) (RFC 9052, 4.2; RFC 9053, 2).
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/verified.h"
#include "codec/cbor.h"
#include "crypto/key.h"

namespace vedette::crypto {

// Labels of RFC 9052, 3.1.
inline constexpr std::int64_t kCoseAlgorithm = 1;
inline constexpr std::int64_t kCoseCritical = 2;
inline constexpr std::int64_t kCoseContentType = 3;
inline constexpr std::int64_t kCoseKeyId = 4;

// A media type, or the number of a CoAP Content-Format.
using CoseContentType = std::variant<std::string, std::uint64_t>;

// Of the protected header alone: the unprotected one says nothing that could be believed. The
// algorithm is not here, because the key decides it.
struct CoseHeader {
  std::optional<CoseContentType> content_type = {};
  Bytes key_id = {};             // empty when there is none
  codec::Cbor::Map others = {};  // in their order; no label of those above

  [[nodiscard]] const codec::Cbor* find(const codec::CborKey& label) const;

  friend bool operator==(const CoseHeader&, const CoseHeader&) = default;
};

// Only verify_cose_sign1 makes a verified one.
struct CoseMessage {
  class VerificationKey;

  Bytes payload;
  CoseHeader header;
};
using VerifiedCose = Verified<CoseMessage>;

enum class CoseTag { required, optional, forbidden };  // tag 18 in front of the message

struct CoseSign1Options {
  CoseTag tag = CoseTag::required;
  ByteView external_aad = {};
  // Labels that the caller understands, beside alg, content type and kid. A message that declares
  // another one critical is refused.
  std::vector<codec::CborKey> understood = {};
};

// What `key` signed. At most 1 MiB. Refuses
//   COSE-SYNTAX      what is no COSE_Sign1, with the tag that is asked for; a detached payload
//   COSE-HEADER      one label both protected and unprotected; a known label of another type; more
//                    than 64 labels in a header
//   COSE-ALGORITHM   alg missing from the protected header, or not the one of the key: P-256
//                    ES256, P-384 ES384, Ed25519 EdDSA, and no other key
//   COSE-CRITICAL    `crit` with a label that is not understood or not protected; empty; a list of
//                    other things; unprotected
//   COSE-SIGNATURE   not signed by the key
// ECDSA signatures of either s are accepted, as other implementations make them: a signature does
// not identify a message.
[[nodiscard]] Result<VerifiedCose> verify_cose_sign1(ByteView message, const PublicKey& key,
                                                     const CoseSign1Options& options = {});

// What a message says, for whoever looks at it: nobody has signed it as far as this knows. Refuses
// COSE-SYNTAX and COSE-HEADER.
[[nodiscard]] Result<CoseMessage> read_unverified_cose_sign1(ByteView message,
                                                             CoseTag tag = CoseTag::required);

class CoseMessage::VerificationKey {
  friend Result<VerifiedCose> verify_cose_sign1(ByteView, const PublicKey&,
                                                const CoseSign1Options&);
  VerificationKey() = default;
};

// A COSE_Sign1 with `header` protected and nothing unprotected, in deterministic encoding; tagged
// unless the tag is forbidden. Refuses COSE-ALGORITHM for other keys, COSE-HEADER when `others` has
// one of the labels 1 to 4, and what the key refuses.
[[nodiscard]] Result<Bytes> sign_cose_sign1(const CoseHeader& header, ByteView payload,
                                            const PrivateKey& key,
                                            const CoseSign1Options& options = {});

}  // namespace vedette::crypto
