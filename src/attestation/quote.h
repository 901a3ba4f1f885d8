// Quote: what a TPM says that it has measured, once every check of it is done.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "attestation/reference_values.h"
#include "base/bytes.h"
#include "base/error.h"
#include "base/verified.h"
#include "codec/json.h"
#include "codec/tpm.h"
#include "crypto/digest.h"

namespace vedette::attestation {

inline constexpr std::size_t kChannelBindingOctets = 32;

// extraData of a quote:
// SHA-256("vedette quote v2" || 0x00 || nonce || certificate_fingerprint || channel_binding).
// `channel_binding` is the RFC 9266 exporter of the TLS connection that challenge and quote go
// over: kChannelBindingOctets, which the caller checks. 32 octets, which every TPM takes.
[[nodiscard]] crypto::Sha256Digest quote_binding(
    ByteView nonce, const crypto::Sha256Digest& certificate_fingerprint, ByteView channel_binding);

// The body of POST /v1/attestation/evidence, well-formed and nothing more.
struct QuoteEvidence {
  Bytes nonce;
  Bytes attest;               // TPMS_ATTEST
  Bytes signature;            // TPMT_SIGNATURE
  std::vector<Bytes> values;  // of the quoted registers, ascending
};

[[nodiscard]] codec::Json to_json(const QuoteEvidence& evidence);
// Refuses ATT-SYNTAX, also for members beyond the protocol's.
[[nodiscard]] Result<QuoteEvidence> parse_quote_evidence(const codec::Json& body);

// Which TPM firmware is acceptable. Versions are comparable within one maker's line alone. A TPM
// obfuscates the version for keys outside of the endorsement hierarchy (Part 1, 36.7), so policies
// are for groups whose attestation keys live there.
struct FirmwarePolicy {
  std::optional<std::uint64_t> minimum;
  std::vector<std::uint64_t> refused;
};

struct QuoteExpectation {
  codec::TpmPublic attestation_key;  // the enrolled one
  Bytes extra_data;                  // quote_binding() of the challenge
  codec::TpmPcrSelection selection;  // what was asked for: at least one register of kBanks
  std::optional<AttestationState> last;
  FirmwarePolicy firmware;
};

// Only verify_quote makes a verified one.
struct Quote {
  class VerificationKey;

  Registers registers;  // exactly the signed selection
  codec::TpmClockInfo clock;
  std::uint64_t firmware_version = 0;
  bool rebooted = false;  // reset, restarted or resumed since `last`; false without a `last`
};

// The eleven checks of a TPMS_ATTEST, in this order:
//   ATT-KEY          the key is no fixed, restricted signing key (not one of the eleven)
//   ATT-SIGNATURE    1. not signed by the key under its own scheme, or not a signature; SHA-1
//   ATT-MAGIC        2. not made by a TPM
//   ATT-TYPE         3. not a quote
//   ATT-NONCE        4. not the answer to this challenge; an empty expectation fails
//   ATT-SIGNER       5. qualifiedSigner cannot be the key's
//   ATT-CLOCK        6. counters or clock went back
//   ATT-FIRMWARE     7. the policy refuses the version
//   ATT-SELECTION    8. other registers, banks or number of selections than asked for
//   ATT-PCR-VALUES   9. the values are not one digest of the bank per selected register
//   ATT-PCR-DIGEST   9. the values are not those that were signed
//                   10. (values outside of the signed selection have no way in)
//   ATT-SYNTAX      11. octets too few or too many, told with 2 and 3
//
// 5: the qualified name is nameAlg || H(qualified name of the parent || name). The parent (a
// storage key) is unknown here, so only the form can be checked; the signature ties it to the key.
// 6: a TPM adds a constant per key to both counters unless the key is an endorsement key's (Part
// 1, 36.7), so "back" is taken modulo 2^32. resetCount alone may grow while the clock goes back,
// and that only if the TPM says that its clock is not safe, that is after a power failure.
[[nodiscard]] Result<Verified<Quote>> verify_quote(const QuoteEvidence& evidence,
                                                   const QuoteExpectation& expected);

class Quote::VerificationKey {
  friend Result<Verified<Quote>> verify_quote(const QuoteEvidence&, const QuoteExpectation&);
  VerificationKey() = default;
};

// What to remember of it for the next.
[[nodiscard]] AttestationState state_after(const Verified<Quote>& quote, TimePoint at,
                                           bool affirming);

}  // namespace vedette::attestation
