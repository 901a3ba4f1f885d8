// AttestationService: challenge, appraise, and say it in a token (RFC 9334's verifier).
#pragma once

#include <chrono>
#include <vector>

#include "attestation/challenge.h"
#include "attestation/evidence_kind.h"
#include "base/error.h"
#include "crypto/key.h"
#include "identity/spiffe.h"
#include "platform/store/store.h"
#include "server/challenge_requests.h"
#include "server/chronicle.h"
#include "server/reference_cache.h"
#include "server/route.h"

namespace vedette::server {

struct AttestationSettings {
  std::vector<const attestation::EvidenceKind*> kinds;  // borrowed; they outlive the service
  std::chrono::seconds lifetime;                        // of a verdict
  std::chrono::seconds interval;                        // until the device attests again
};

class AttestationService {
 public:
  AttestationService(platform::Store& store, Chronicle& chronicle, const Clock& clock,
                     const identity::SpiffeId& verifier, const crypto::PrivateKey& verifier_key,
                     ReferenceCache& references, AttestationSettings settings)
      : store_(store),
        chronicle_(chronicle),
        clock_(clock),
        verifier_(verifier),
        verifier_key_(verifier_key),
        references_(references),
        settings_(std::move(settings)) {}

  [[nodiscard]] Result<platform::HttpResponse> challenge(const Call& call);
  [[nodiscard]] Result<platform::HttpResponse> appraise(const Call& call);
  // An operator's wish that a device attest now, and the device's question whether there is one.
  [[nodiscard]] Result<platform::HttpResponse> want(const Call& call);
  [[nodiscard]] Result<platform::HttpResponse> is_wanted(const Call& call);

 private:
  struct Judgement;
  [[nodiscard]] Result<const attestation::EvidenceKind*> kind_of(const codec::Json& evidence) const;
  [[nodiscard]] Result<attestation::EvidenceVerdict> judge(
      const Call& call, const attestation::EvidenceKind& kind, const codec::Json& evidence,
      ByteView nonce, const identity::Device& device, platform::UnitOfWork& unit) const;
  [[nodiscard]] Result<platform::HttpResponse> grant(const Call& call, const Bytes& nonce,
                                                     const Judgement& judgement) const;

  platform::Store& store_;
  Chronicle& chronicle_;
  const Clock& clock_;
  const identity::SpiffeId& verifier_;
  const crypto::PrivateKey& verifier_key_;
  ReferenceCache& references_;
  AttestationSettings settings_;
  attestation::ChallengeBook challenges_;
  ChallengeRequests requests_;
};

}  // namespace vedette::server
