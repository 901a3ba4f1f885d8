// ResultGateway: the cloud believes a result only while certificate, verdict, release and epoch all
// hold.
#pragma once

#include "base/error.h"
#include "ledger/receipt.h"
#include "platform/store/store.h"
#include "release/registry.h"
#include "server/chronicle.h"
#include "server/route.h"
#include "server/submissions.h"

namespace vedette::server {

// The pure decision about one receipt whose signature holds. Refuses, naming what did not hold:
// RES-DEVICE (signed for another device), RES-EPOCH (from before trust was withdrawn), RES-RELEASE
// (no such release), RES-BLOCKED (the release is blocked), RES-MODEL (another model root than the
// release's) and RES-TIME (from the future, or older than the verdict allows).
[[nodiscard]] Result<void> judge_receipt(const ledger::ReceiptClaims& claims,
                                         const identity::Device& device,
                                         const std::optional<release::Release>& release,
                                         TimePoint now);

class ResultGateway {
 public:
  ResultGateway(platform::Store& store, Chronicle& chronicle, const Clock& clock)
      : store_(store), chronicle_(chronicle), clock_(clock) {}

  // Devices: each receipt is judged on its own; the answer names the refused ones.
  [[nodiscard]] Result<platform::HttpResponse> submit(const Call& call);
  // Operators.
  [[nodiscard]] Result<platform::HttpResponse> list(const Call& call);

 private:
  [[nodiscard]] Result<Submission> believe(platform::UnitOfWork& unit, const Call& call,
                                           const std::string& jws, Matter& matter);

  platform::Store& store_;
  Chronicle& chronicle_;
  const Clock& clock_;
};

}  // namespace vedette::server
