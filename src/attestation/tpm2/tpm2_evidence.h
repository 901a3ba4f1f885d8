// TPM 2.0: a quote, and the logs that its registers vouch for.
#pragma once

#include <vector>

#include "attestation/evidence_kind.h"
#include "attestation/quote.h"

namespace vedette::attestation {

struct Tpm2Settings {
  std::vector<std::uint8_t> registers;  // of the bank, ascending
  std::uint8_t runtime_register = 13;   // of the agent's measurement log
  FirmwarePolicy firmware;
  codec::TpmAlgorithm bank = codec::TpmAlgorithm::sha256;  // one of crypto::kBanks
};

// The challenge: `bank`, `registers`, `runtime_register` and `logs` (what is wanted of them); the
// evidence: quote.h and appraisal/device_appraisal.h.
class Tpm2Evidence final : public EvidenceKind {
 public:
  explicit Tpm2Evidence(Tpm2Settings settings) : settings_(std::move(settings)) {}

  [[nodiscard]] std::string_view name() const override { return "tpm2"; }
  [[nodiscard]] codec::Json ask(const std::optional<AttestationState>& last,
                                const ReferenceSet* references) const override;
  [[nodiscard]] Result<Bytes> nonce_of(const codec::Json& evidence) const override;
  [[nodiscard]] Result<EvidenceVerdict> judge(const codec::Json& evidence,
                                              const EvidenceContext& context) const override;

 private:
  [[nodiscard]] Result<Verified<Quote>> verify(const QuoteEvidence& evidence,
                                               const EvidenceContext& context) const;

  Tpm2Settings settings_;
};

}  // namespace vedette::attestation
