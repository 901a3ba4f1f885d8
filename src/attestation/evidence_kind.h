// EvidenceKind: one root of trust's way of proving what a device runs. A kind is one folder that
// implements this interface (attestation/tpm2/); nothing else of the verifier knows what its
// evidence looks like.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "attestation/appraisal.h"
#include "attestation/appraisal/finding.h"
#include "attestation/appraisal/reference_set.h"
#include "base/clock.h"

namespace vedette::attestation {

// What the verifier knows before it looks at the evidence: all of it from its own memory and its
// own end of the connection, nothing from the device's word.
struct EvidenceContext {
  ByteView attestation_key;  // as it was enrolled
  ByteView nonce;            // of the challenge that was redeemed for this evidence
  // Fingerprint of the connection's client certificate; where one is only asked for, of the SPKI.
  crypto::Sha256Digest certificate{};
  ByteView channel_binding;                // RFC 9266 exporter of the connection
  std::optional<AttestationState> last{};  // of the device's evidence before
  const ReferenceSet* references;          // of its group; null: none
  IsPublished is_published;                // may be empty
  TimePoint now;
};

// What came of evidence that is authentic, whether or not it is accepted.
struct EvidenceVerdict {
  Appraisal appraisal;
  AttestationState state;            // to be kept
  std::optional<Bytes> event_log{};  // to be kept under state.event_log, when it is new
  std::optional<Bytes> ima_list{};   // to be kept; no octets: to be forgotten
  codec::Json details;               // for the log
};

class EvidenceKind {
 public:
  EvidenceKind() = default;
  EvidenceKind(const EvidenceKind&) = delete;
  EvidenceKind& operator=(const EvidenceKind&) = delete;
  virtual ~EvidenceKind() = default;

  [[nodiscard]] virtual std::string_view name() const = 0;  // `tpm2`

  // The members that a challenge has for this kind, beside the nonce.
  [[nodiscard]] virtual codec::Json ask(const std::optional<AttestationState>& last,
                                        const ReferenceSet* references) const = 0;

  // The nonce that the evidence answers, to be redeemed before it is judged. Refuses ATT-SYNTAX.
  [[nodiscard]] virtual Result<Bytes> nonce_of(const codec::Json& evidence) const = 0;

  // Parses, verifies and appraises. Refuses evidence that is not authentic; authentic evidence of
  // an unacceptable device is no refusal here.
  [[nodiscard]] virtual Result<EvidenceVerdict> judge(const codec::Json& evidence,
                                                      const EvidenceContext& context) const = 0;
};

}  // namespace vedette::attestation
