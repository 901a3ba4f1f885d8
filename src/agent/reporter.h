// Reporter: every inference becomes a receipt that the device signs and the server is sent.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "agent/serving.h"
#include "agent/trust_state.h"
#include "base/clock.h"
#include "base/error.h"
#include "crypto/key.h"
#include "ledger/receipt.h"

namespace vedette::agent {

// Numbers that rise by one over restarts. Reserves blocks on disk, so that a crash leaves a gap,
// which shows, and never a number twice.
class SequenceNumbers {
 public:
  [[nodiscard]] static Result<SequenceNumbers> load(const std::string& folder);
  [[nodiscard]] Result<std::uint64_t> take();

 private:
  SequenceNumbers(std::string path, std::uint64_t next)
      : path_(std::move(path)), next_(next), reserved_(next) {}

  std::string path_;
  std::uint64_t next_;
  std::uint64_t reserved_;
};

struct ReporterCounts {
  std::uint64_t witnessed = 0;
  std::uint64_t accepted = 0;  // by the server
  std::uint64_t refused = 0;
  std::size_t waiting = 0;
};

// Thread-safe. The queue is bounded: when the server cannot be reached for long, witness() refuses
// AGT-RECEIPTS-FULL, so that no answer leaves the device unaccounted for.
class Reporter final : public InferenceWitness {
 public:
  Reporter(const Clock& clock, const TrustState& trust, SequenceNumbers sequence);

  [[nodiscard]] Result<void> witness(const Inference& inference) override;

  // Up to `most` receipts at the front, signed by `key`; empty when nothing waits. They stay
  // queued.
  [[nodiscard]] Result<std::vector<std::string>> sign_waiting(const crypto::PrivateKey& key,
                                                              std::size_t most);
  // The server took (or refused for good) that many from the front.
  void settle(std::size_t accepted, std::size_t refused);

  // Waits until something is queued, `stop` is requested by wake(), or `most` has passed.
  void wait(std::chrono::milliseconds most);
  void wake();

  [[nodiscard]] ReporterCounts counts() const;

 private:
  const Clock& clock_;
  const TrustState& trust_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  SequenceNumbers sequence_;
  std::deque<ledger::ReceiptClaims> waiting_;
  std::deque<std::string> signed_;  // of the front of waiting_, so that a retry sends the same text
  ReporterCounts counts_;
};

}  // namespace vedette::agent
