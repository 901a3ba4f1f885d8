// AttestationService: challenge, appraise, and say it in a token (RFC 9334's verifier).
#pragma once

#include <chrono>
#include <vector>

#include "attestation/challenge.h"
#include "attestation/quote.h"
#include "base/error.h"
#include "crypto/key.h"
#include "identity/spiffe.h"
#include "platform/store/store.h"
#include "server/chronicle.h"
#include "server/route.h"

namespace vedette::server {

struct AttestationSettings {
  std::vector<std::uint8_t> registers;  // of the SHA-256 bank, ascending
  std::chrono::seconds lifetime;        // of a verdict
  std::chrono::seconds interval;        // until the device attests again
};

class AttestationService {
 public:
  AttestationService(platform::Store& store, Chronicle& chronicle, const Clock& clock,
                     const identity::SpiffeId& verifier, const crypto::PrivateKey& verifier_key,
                     AttestationSettings settings)
      : store_(store),
        chronicle_(chronicle),
        clock_(clock),
        verifier_(verifier),
        verifier_key_(verifier_key),
        settings_(std::move(settings)) {}

  [[nodiscard]] Result<platform::HttpResponse> challenge(const Call& call);
  [[nodiscard]] Result<platform::HttpResponse> appraise(const Call& call);

 private:
  struct Verdict;
  [[nodiscard]] Result<attestation::QuoteExpectation> expectation(
      const Call& call, const attestation::QuoteEvidence& evidence,
      platform::UnitOfWork& unit) const;
  [[nodiscard]] Result<Verdict> judge(const Call& call, const attestation::QuoteEvidence& evidence,
                                      platform::UnitOfWork& unit, Matter& matter) const;
  [[nodiscard]] Result<platform::HttpResponse> grant(const Call& call,
                                                     const attestation::QuoteEvidence& evidence,
                                                     const Verdict& verdict) const;

  platform::Store& store_;
  Chronicle& chronicle_;
  const Clock& clock_;
  const identity::SpiffeId& verifier_;
  const crypto::PrivateKey& verifier_key_;
  AttestationSettings settings_;
  attestation::ChallengeBook challenges_;
};

}  // namespace vedette::server
