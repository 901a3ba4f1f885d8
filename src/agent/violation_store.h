// ViolationStore: violations on this device's disk, from the moment they are seen until the server
// has them.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "codec/json.h"
#include "ledger/violation.h"

namespace vedette::agent {

enum class ViolationState : std::uint8_t {
  recorded,  // not signed yet
  sealed,    // signed, not yet at the server
  taken,     // by the server
  refused,   // by the server, for good
};

struct RecordedViolation {
  std::uint64_t sequence = 0;
  Epoch epoch{};
  ViolationState state = ViolationState::recorded;
  std::string jws{};  // empty while it is only recorded
  ledger::Violation event;
};

struct ViolationCounts {
  std::size_t recorded = 0;
  std::size_t sealed = 0;
  std::size_t taken = 0;
  std::size_t refused = 0;

  [[nodiscard]] std::size_t waiting() const { return recorded + sealed; }
};

// Thread-safe. What a call has done is on stable storage when it returns, and kill -9 leaves the
// state before it or after it. Holds at most 128 violations in at most 1 MiB: for a new one the
// oldest that the server has decided on goes; one that it has not is never dropped. A violation
// that does not condemn by itself leaves a quarter of the room to those that do.
class ViolationStore {
 public:
  static constexpr std::size_t kMost = 128;
  static constexpr std::size_t kMostOfTheRest = 96;

  // Refuses AGT-VIOLATIONS when the file is there but does not read: evidence that was damaged is
  // never taken for none. A new store begins its numbers at `now` in seconds, so that a device
  // whose disk was replaced uses no number twice.
  [[nodiscard]] static Result<std::unique_ptr<ViolationStore>> load(const std::string& folder,
                                                                    TimePoint now);

  // Returns the violation's number. Refuses AGT-VIOLATIONS-FULL, FILE-* of the disk, and
  // VIOLATION-CLAIMS for what ledger::bounded() did not make.
  [[nodiscard]] Result<std::uint64_t> add(const ledger::Violation& event, Epoch epoch);
  // The signature of a violation that is only recorded; of any other number nothing happens.
  [[nodiscard]] Result<void> seal(std::uint64_t sequence, std::string jws);
  // What the server decided. Numbers that are not there, or decided already, are passed over.
  [[nodiscard]] Result<void> settle(const std::vector<std::uint64_t>& taken,
                                    const std::vector<std::uint64_t>& refused);

  // The oldest ones of that state, in their order.
  [[nodiscard]] std::vector<RecordedViolation> oldest(ViolationState state, std::size_t most) const;
  [[nodiscard]] ViolationCounts counts() const;

 private:
  struct Content {
    std::uint64_t next = 1;
    std::vector<RecordedViolation> violations;  // by number
  };

  ViolationStore(std::string path, Content content)
      : path_(std::move(path)), content_(std::move(content)) {}

  [[nodiscard]] static Result<Content> read(const std::string& path);
  [[nodiscard]] static codec::Json document_of(const Content& content);
  [[nodiscard]] Result<void> keep(Content changed);  // on disk, then in memory

  std::string path_;
  mutable std::mutex mutex_;  // held over the disk's answer: changes are in one order
  Content content_;
};

}  // namespace vedette::agent
