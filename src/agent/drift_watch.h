// DriftWatch: are a model's answers still distributed as its contract's author saw them?
#pragma once

#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "inference/tensor.h"
#include "release/runtime_contract.h"

namespace vedette::agent {

// Of one output, over the last whole window.
struct Drift {
  std::string output;
  double distance = 0;   // total variation distance from the author's distribution, 0 to 1
  bool drifted = false;  // beyond the tolerance
  release::OnDrift on_drift = release::OnDrift::tell;
};

// Counts answers in windows that follow one another. Of one answer at most 4096 elements are
// counted, evenly spread over it. Thread-safe.
class DriftWatch {
 public:
  using Tell = std::function<void(const Drift&)>;

  // `tell` is called, without a lock, for a window that drifted when the one before it did not;
  // from the thread whose answer ended it.
  DriftWatch(std::vector<release::OutputDistribution> expected, Tell tell);

  // NaN is above every edge. A window without any element is as far from every distribution as can
  // be; so is one without the output.
  void witness(std::span<const inference::Tensor> outputs);

  // Of those outputs whose first window is over.
  [[nodiscard]] std::vector<Drift> state() const;

 private:
  struct Watched {
    release::OutputDistribution expected;
    std::vector<std::uint64_t> counts;  // of elements, one for each share
    std::uint64_t answers = 0;
    std::optional<Drift> last;
  };

  const Tell tell_;
  mutable std::mutex mutex_;
  std::vector<Watched> watched_;
};

// `output 'speech' is 0.31 from its distribution`.
[[nodiscard]] std::string text_of(const Drift& drift);

}  // namespace vedette::agent
