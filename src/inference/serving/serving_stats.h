// ServingStats: what a model's server counts, for metrics and status pages.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "inference/serving/monotonic_clock.h"
#include "inference/serving/replica_health.h"

namespace vedette::inference::serving {

// How a call ended.
enum class Outcome : std::uint8_t {
  answered,
  refused,      // by the model: INF-*, SBX-REQUEST-SIZE, SRV-BATCH
  late,         // SRV-DEADLINE, SBX-DEADLINE
  queue_full,   // SRV-QUEUE-FULL
  cancelled,    // SRV-CANCELLED
  unavailable,  // SRV-RESTARTING, -QUARANTINED, -WITHDRAWN, -DRAINED, -STOPPED
  died,         // the replica died of it, or under it: any other SBX-*
};
inline constexpr std::size_t kOutcomes = 7;
[[nodiscard]] Outcome outcome_of(std::string_view code);
[[nodiscard]] std::string_view name_of(Outcome outcome);

// Counts by fixed upper bounds, which are the same for every model and version.
class Histogram {
 public:
  static constexpr std::size_t kMaxBounds = 20;

  explicit constexpr Histogram(std::span<const std::uint64_t> bounds) : bounds_(bounds) {}

  void record(std::uint64_t value);

  [[nodiscard]] std::span<const std::uint64_t> bounds() const { return bounds_; }
  // Values in (bounds[i-1], bounds[i]]; at bounds().size() those above the last bound.
  [[nodiscard]] std::uint64_t count(std::size_t bucket) const { return counts_.at(bucket); }
  [[nodiscard]] std::uint64_t total() const { return total_; }
  [[nodiscard]] std::uint64_t sum() const { return sum_; }

 private:
  std::span<const std::uint64_t> bounds_;
  std::array<std::uint64_t, kMaxBounds + 1> counts_{};
  std::uint64_t total_ = 0;
  std::uint64_t sum_ = 0;
};

inline constexpr std::array<std::uint64_t, 17> kLatencyBounds = {  // microseconds
    50,     100,     250,     500,     1'000,     2'500,     5'000,     10'000,    25'000,
    50'000, 100'000, 250'000, 500'000, 1'000'000, 2'500'000, 5'000'000, 10'000'000};
inline constexpr std::array<std::uint64_t, 9> kBatchBounds = {1, 2, 4, 8, 16, 32, 64, 128, 256};

struct ReplicaStatus {
  HealthState state = HealthState::starting;
  unsigned deaths_in_row = 0;
};

struct ServingStats {
  // Since the start.
  std::array<std::uint64_t, kOutcomes> calls{};  // by Outcome
  std::array<std::uint64_t, 4> deaths{};         // by Death
  Histogram latency{kLatencyBounds};             // arrival to answer, of what was answered
  Histogram batches{kBatchBounds};               // calls per call of a worker
  // Now.
  std::size_t queue_depth = 0;
  std::size_t running = 0;  // replicas at work
  std::vector<ReplicaStatus> replicas;

  [[nodiscard]] std::uint64_t count(Outcome outcome) const {
    return calls.at(static_cast<std::size_t>(outcome));
  }
  [[nodiscard]] std::uint64_t count(Death death) const {
    return deaths.at(static_cast<std::size_t>(death));
  }
};

}  // namespace vedette::inference::serving
