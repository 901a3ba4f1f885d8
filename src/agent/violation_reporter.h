// ViolationReporter: from the moment a violation is seen to the moment the server has it.
//
//   sandbox's watch thread          reporting thread
//   record(): on disk, quarantine   sign_recorded(): by the TPM, in order
//   (the worker is frozen)          report_once(): to the server, in order, until it is decided
#pragma once

#include <atomic>
#include <functional>
#include <optional>
#include <string>

#include "agent/quarantine.h"
#include "agent/trust_state.h"
#include "agent/violation_store.h"
#include "base/clock.h"
#include "base/error.h"
#include "codec/json.h"
#include "crypto/key.h"
#include "ledger/violation.h"
#include "platform/net/http.h"

namespace vedette::agent {

// Thread-safe. Borrows its parts.
class ViolationReporter {
 public:
  // Told of each event, and of what could not be kept of it; called from record()'s thread.
  using Tell = std::function<void(const std::string& text, std::optional<Error> error)>;

  ViolationReporter(const Clock& clock, ViolationStore& store, Quarantine& quarantine, Tell tell)
      : clock_(clock), store_(store), quarantine_(quarantine), tell_(std::move(tell)) {}

  // The epoch of the verdict under which models run from now on. Before the first call it is 0.
  void attested(Epoch epoch) { epoch_ = epoch.value; }

  // From the sandbox, while the worker is frozen: two small files are written and synced, nothing
  // else is waited for. The event is stamped with the present time and bounded. A kind that
  // condemns at once puts the model into quarantine before this returns, even where the disk
  // refuses; what the disk refuses is told and counted. An exhausted machine ends the process: the
  // worker dies with it.
  void record(ledger::Violation event) noexcept;

  // record(), then sign_recorded(): a worker that stays frozen until this returns dies after the
  // signature. The key's refusal is given back; the event is on disk then, to be signed later.
  [[nodiscard]] Result<void> keep(ledger::Violation event, const DeviceId& device,
                                  const crypto::PrivateKey& key);

  // Signs, in order, what is only recorded. Stops at the first refusal of the key.
  [[nodiscard]] Result<void> sign_recorded(const DeviceId& device, const crypto::PrivateKey& key);

  // Sends what is signed, the oldest first; it stays until the server has taken it or refused it
  // for good. Refuses what the network and the server refuse, and the first refusal of an event.
  [[nodiscard]] Result<void> report_once(platform::HttpClient& client, const Verdict& verdict);

  // Something waits for its signature, or for the server.
  [[nodiscard]] bool has_unsigned() const { return store_.counts().recorded > 0; }
  [[nodiscard]] bool has_unsent() const { return store_.counts().sealed > 0; }

  // `{"recorded","signed","taken","refused","lost"}`; lost: seen since the start, but not kept.
  [[nodiscard]] codec::Json status() const;

 private:
  void condemn(const ledger::Violation& event);

  const Clock& clock_;
  ViolationStore& store_;
  Quarantine& quarantine_;
  Tell tell_;
  std::atomic<std::uint64_t> epoch_{0};
  std::atomic<std::uint64_t> lost_{0};
};

}  // namespace vedette::agent
