// Concise Reference Integrity Manifests: reference values that somebody signed
// (draft-ietf-rats-corim; CoMID tags alone).
#pragma once

#include <span>

#include "attestation/corim/triples.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/verified.h"

namespace vedette::attestation::corim {

inline constexpr std::string_view kContentType = "application/rim+cbor";

using TagId = std::variant<std::string, Uuid>;
using Profile = std::variant<std::string, Oid>;  // a URI or an object identifier

// Both ends belong to it.
struct Validity {
  std::optional<TimePoint> not_before = {};
  TimePoint not_after;

  friend bool operator==(const Validity&, const Validity&) = default;
};

// Who says that it signed, in corim-meta or CWT claims; the key is what proves it.
struct Signer {
  std::string name;
  std::optional<std::string> uri = {};
  std::optional<Validity> validity = {};

  friend bool operator==(const Signer&, const Signer&) = default;
};

struct TagIdentity {
  TagId id;
  std::uint64_t version = 0;

  friend bool operator==(const TagIdentity&, const TagIdentity&) = default;
};

// Only verify_corim makes a verified one.
struct Corim {
  class VerificationKey;

  TagId id;
  std::optional<Profile> profile = {};
  std::optional<Validity> validity = {};
  std::optional<Signer> signer = {};          // absent from an unsigned one
  std::optional<crypto::PublicKey> key = {};  // the trusted one that signed; likewise
  std::vector<TagIdentity> tags = {};         // of the CoMIDs, in their order
  std::vector<ReferenceTriple> reference = {};
  std::vector<ReferenceTriple> endorsed = {};

  friend bool operator==(const Corim&, const Corim&) = default;
};

struct CorimExpectation {
  std::span<const crypto::PublicKey> trusted_signers = {};
  TimePoint now;
  // A profile may change what every value means: one that is not named here is refused.
  std::vector<Profile> understood_profiles = {};
  bool insecure_accept_unsigned = false;
};

// Reads a signed CoRIM (COSE_Sign1, tag 18) of at most 1 MiB and 256 tags. Refuses
//   CORIM-UNSIGNED   an unsigned one (tag 501) unless insecure_accept_unsigned
//   CORIM-SIGNATURE  no trusted key signed it, or the COSE message cannot be read: see the cause
//   CORIM-TYPE       the content type is not application/rim+cbor, or the payload is in a hash
//                    envelope
//   CORIM-SIGNER     it names no signer, or two different ones
//   CORIM-VALIDITY   the manifest or its signature is not valid at `now`
//   CORIM-UNKNOWN    something that constrains meaning and is not understood, by its name: a
//                    profile, dependent manifests, tags other than CoMID, linked tags, triples
//                    other than reference and endorsed values, measured values and algorithms
//                    other than those of Measurement, and every unknown key
//   CORIM-SYNTAX     what the draft does not allow
// Read and not interpreted: languages and entities, which say who wrote a tag. Nothing is left out
// in silence.
[[nodiscard]] Result<Verified<Corim>> verify_corim(ByteView bytes,
                                                   const CorimExpectation& expected);

// What a manifest says, signed or not, for whoever looks at it: the signer is its own claim and
// `key` is absent; validity and profile are told and not judged. Refuses CORIM-SYNTAX for a COSE
// message that cannot be read, and what verify_corim refuses but CORIM-UNSIGNED, -SIGNATURE,
// -VALIDITY and an unknown profile.
[[nodiscard]] Result<Corim> read_unverified_corim(ByteView bytes);

class Corim::VerificationKey {
  friend Result<Verified<Corim>> verify_corim(ByteView, const CorimExpectation&);
  VerificationKey() = default;
};

// The unsigned manifest (tag 501) in deterministic encoding: one CoMID, so exactly one tag
// identity. `signer` and `key` are left to sign_corim. Refuses CORIM-SYNTAX for what verify_corim
// would.
[[nodiscard]] Result<Bytes> write_corim(const Corim& corim);

// Signs what write_corim made, with the signer in corim-meta and the SHA-256 of the key's
// SubjectPublicKeyInfo as kid. Refuses CORIM-SYNTAX and what crypto::sign_cose_sign1 refuses.
[[nodiscard]] Result<Bytes> sign_corim(ByteView manifest, const Signer& signer,
                                       const crypto::PrivateKey& key);

}  // namespace vedette::attestation::corim
