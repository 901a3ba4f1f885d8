#include "agent/drift_watch.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>
#include <utility>

#include "inference/serving/element_check.h"

namespace vedette::agent {

namespace {

using inference::Tensor;
using release::OutputDistribution;

constexpr std::size_t kMostElements = 4096;  // of one answer

using Counts = std::array<std::uint32_t, release::kMaxDistributionEdges + 1>;

std::size_t place_of(const std::vector<double>& edges, double value) {
  if (std::isnan(value)) return edges.size();
  return static_cast<std::size_t>(std::ranges::upper_bound(edges, value) - edges.begin());
}

Counts count(const OutputDistribution& expected, const Tensor& output) {
  Counts counts{};
  const std::size_t elements = output.data.size() / inference::element_size(output.type);
  const std::size_t step = (elements + kMostElements - 1) / kMostElements;
  for (std::size_t i = 0; i < elements; i += step)
    ++counts.at(
        place_of(expected.edges, inference::serving::element_at(output.type, output.data, i)));
  return counts;
}

// Half the sum of the differences: the share of the answers that would have to be others.
double distance_of(const OutputDistribution& expected, const std::vector<std::uint64_t>& counts) {
  const auto all = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  if (all == 0) return 1;
  double sum = 0;
  for (std::size_t i = 0; i < counts.size(); ++i)
    sum += std::abs(static_cast<double>(counts[i]) / static_cast<double>(all) - expected.shares[i]);
  return sum / 2;
}

}  // namespace

DriftWatch::DriftWatch(std::vector<OutputDistribution> expected, Tell tell)
    : tell_(std::move(tell)) {
  watched_.reserve(expected.size());
  for (OutputDistribution& one : expected) {
    const std::size_t shares = one.shares.size();
    watched_.push_back({.expected = std::move(one),
                        .counts = std::vector<std::uint64_t>(shares),
                        .answers = 0,
                        .last = {}});
  }
}

void DriftWatch::witness(std::span<const Tensor> outputs) {
  for (Watched& watched : watched_) {
    const auto output = std::ranges::find(outputs, watched.expected.output, &Tensor::name);
    const Counts counted = output == outputs.end() ? Counts{} : count(watched.expected, *output);
    std::optional<Drift> news;
    {
      const std::scoped_lock lock(mutex_);
      for (std::size_t i = 0; i < watched.counts.size(); ++i)
        watched.counts[i] += counted.at(i);
      if (++watched.answers < watched.expected.window) continue;
      const double distance = distance_of(watched.expected, watched.counts);
      const bool drifted = distance > watched.expected.tolerance;
      const bool is_news = drifted && !(watched.last && watched.last->drifted);
      watched.last = Drift{watched.expected.output, distance, drifted, watched.expected.on_drift};
      watched.answers = 0;
      std::ranges::fill(watched.counts, 0);
      if (is_news) news = watched.last;
    }
    if (news) tell_(*news);
  }
}

std::vector<Drift> DriftWatch::state() const {
  std::vector<Drift> state;
  const std::scoped_lock lock(mutex_);
  for (const Watched& watched : watched_)
    if (watched.last) state.push_back(*watched.last);
  return state;
}

std::string text_of(const Drift& drift) {
  constexpr std::size_t kThreeDigits = 5;  // `0.312`
  return "output '" + drift.output + "' is " +
         std::to_string(drift.distance).substr(0, kThreeDigits) + " from its distribution";
}

}  // namespace vedette::agent
