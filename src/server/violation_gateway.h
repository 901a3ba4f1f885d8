// ViolationGateway: what models did in their cages, as devices swear to it; evidence to keep, and
// what operators and the fleet are told of it.
#pragma once

#include "base/error.h"
#include "ledger/violation.h"
#include "platform/store/store.h"
#include "release/registry.h"
#include "server/chronicle.h"
#include "server/route.h"
#include "server/submissions.h"

namespace vedette::server {

// The pure decision about one violation whose signature holds. Evidence from before trust in the
// device was withdrawn is evidence still: the answer is whether it is. Refuses VIO-DEVICE (signed
// for another device), VIO-EPOCH (an epoch that has not been) and VIO-RELEASE (no release of that
// name and number has that root).
[[nodiscard]] Result<bool> judge_violation(const ledger::ViolationClaims& claims,
                                           const identity::Device& device,
                                           const std::optional<release::Release>& release);

class ViolationGateway {
 public:
  ViolationGateway(platform::Store& store, Chronicle& chronicle, const Clock& clock)
      : store_(store), chronicle_(chronicle), clock_(clock) {}

  // Devices: each violation is judged on its own and entered in the log; the answer names the
  // refused ones. One that was accepted before is a duplicate, another one under its number
  // refuses VIO-SEQUENCE, one of a device that has sent 10,000 refuses VIO-FULL.
  [[nodiscard]] Result<platform::HttpResponse> submit(const Call& call);
  // Operators.
  [[nodiscard]] Result<platform::HttpResponse> list(const Call& call);
  [[nodiscard]] Result<platform::HttpResponse> show(const Call& call);

 private:
  [[nodiscard]] Result<Submission> keep(platform::UnitOfWork& unit, const Call& call,
                                        const std::string& jws, Matter& matter);

  platform::Store& store_;
  Chronicle& chronicle_;
  const Clock& clock_;
};

}  // namespace vedette::server
