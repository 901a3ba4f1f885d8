// AttestationService: challenge, appraise, and say it in a token (RFC 9334's verifier).
#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "attestation/challenge.h"
#include "attestation/evidence_kind.h"
#include "base/error.h"
#include "identity/spiffe.h"
#include "platform/store/store.h"
#include "server/challenge_requests.h"
#include "server/chronicle.h"
#include "server/clone_watch.h"
#include "server/reference_cache.h"
#include "server/route.h"
#include "server/signing_keys.h"

namespace vedette::server {

struct AttestationSettings {
  std::vector<const attestation::EvidenceKind*> kinds;  // borrowed; they outlive the service
  std::chrono::seconds lifetime;                        // of a verdict
  std::chrono::seconds interval;                        // until the device attests again
};

class AttestationService {
 public:
  // Closes the live connections of a device; returns how many there were.
  using Disconnect = std::function<std::size_t(const DeviceId&)>;

  AttestationService(platform::Store& store, Chronicle& chronicle, const Clock& clock,
                     const identity::SpiffeId& verifier, const SigningKeys& verifier_keys,
                     ReferenceCache& references, AttestationSettings settings,
                     Disconnect disconnect)
      : store_(store),
        chronicle_(chronicle),
        clock_(clock),
        verifier_(verifier),
        verifier_keys_(verifier_keys),
        references_(references),
        settings_(std::move(settings)),
        disconnect_(std::move(disconnect)) {}

  [[nodiscard]] Result<platform::HttpResponse> challenge(const Call& call);
  [[nodiscard]] Result<platform::HttpResponse> appraise(const Call& call);
  // An operator's wish that a device attest now, and the device's question whether there is one,
  // and whether any of the releases that it runs has been blocked.
  [[nodiscard]] Result<platform::HttpResponse> want(const Call& call);
  [[nodiscard]] Result<platform::HttpResponse> is_wanted(const Call& call);

 private:
  struct Judgement;
  // Evidence, and when it was asked for.
  struct Exhibit {
    const Call& call;
    const attestation::EvidenceKind& kind;
    const codec::Json& evidence;
    ByteView nonce;
    TimePoint asked_at;
  };
  [[nodiscard]] Result<const attestation::EvidenceKind*> kind_of(const codec::Json& evidence) const;
  [[nodiscard]] Result<attestation::EvidenceVerdict> judge(
      const Exhibit& exhibit, const identity::Device& device,
      std::optional<attestation::AttestationState> last, platform::UnitOfWork& unit) const;
  // In one transaction with its entry in the log. Says what speaks for a clone, if anything does.
  [[nodiscard]] Result<void> settle(platform::UnitOfWork& unit, const Exhibit& exhibit,
                                    Matter& matter, Judgement& judgement) const;
  [[nodiscard]] Result<platform::HttpResponse> grant(const Call& call, const Bytes& nonce,
                                                     const Judgement& judgement) const;

  platform::Store& store_;
  Chronicle& chronicle_;
  const Clock& clock_;
  const identity::SpiffeId& verifier_;
  const SigningKeys& verifier_keys_;
  ReferenceCache& references_;
  AttestationSettings settings_;
  attestation::ChallengeBook challenges_;
  ChallengeRequests requests_;
  Disconnect disconnect_;
  CloneWatch clones_;
};

}  // namespace vedette::server
