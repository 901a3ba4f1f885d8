#include "release/delta/partition.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

#include "release/delta/little_endian.h"

namespace vedette::release {
namespace {

constexpr std::size_t kWindow = 128;           // octets; all widths divide it
constexpr std::size_t kJudged = 64;            // the first octets of a window speak for it
constexpr std::uint32_t kBit = 32;             // what all costs are told in
constexpr std::uint32_t kSwitch = 300 * kBit;  // a new run has its header, and learns
constexpr std::array<std::size_t, 4> kWidths{1, 2, 4, 8};

struct State {
  std::size_t width;
  std::size_t phase;  // a number begins at each offset that leaves it
};

constexpr std::array<State, 15> kStates = [] {
  std::array<State, 15> states{};
  std::size_t count = 0;
  for (const std::size_t width : kWidths)
    for (std::size_t phase = 0; phase < width; ++phase)
      states[count++] = {width, phase};
  return states;
}();

// Of a window in which nothing changed, in any state.
constexpr std::uint32_t kSameCost = kJudged;

using Costs = std::array<std::uint32_t, kStates.size()>;

// A rough guess, the same for all, of what the coder will need. That nothing changed costs next to
// nothing, and no less in wide numbers than in narrow ones.
template <class Number>
std::uint32_t cost_of(Number difference) {
  if (difference == 0) return sizeof(Number);
  const auto top = static_cast<Number>(Number{1} << (sizeof(Number) * 8 - 1));
  const bool falls = (difference & top) != 0;
  const auto magnitude = falls ? static_cast<Number>(~difference + 1) : difference;
  return kBit * (static_cast<std::uint32_t>(std::bit_width(magnitude)) + 2);
}

// Of the numbers that begin between the two, as far as they end within the octets.
template <class Number>
std::uint32_t window_cost(ByteView base, ByteView target, std::size_t begin, std::size_t end) {
  std::uint32_t cost = 0;
  for (std::size_t at = begin; at < end && at + sizeof(Number) <= target.size();
       at += sizeof(Number))
    cost += cost_of(
        static_cast<Number>(load_number<Number>(&target[at]) - load_number<Number>(&base[at])));
  return cost;
}

std::uint32_t state_cost(const State& state, ByteView base, ByteView target, std::size_t begin) {
  const std::size_t end = std::min(begin + kJudged, target.size());
  switch (state.width) {
    case 1:
      return window_cost<std::uint8_t>(base, target, begin, end);
    case 2:
      return window_cost<std::uint16_t>(base, target, begin + state.phase, end);
    case 4:
      return window_cost<std::uint32_t>(base, target, begin + state.phase, end);
    default:
      return window_cost<std::uint64_t>(base, target, begin + state.phase, end);
  }
}

// Most windows of a sparse change.
bool is_same(ByteView base, ByteView target, std::size_t begin) {
  const std::size_t size = std::min(kJudged, target.size() - begin);
  return std::memcmp(&base[begin], &target[begin], size) == 0;
}

// The state of each window on the cheapest way through all of them.
std::vector<std::uint8_t> cheapest_way(ByteView base, ByteView target) {
  constexpr auto kStay = std::uint8_t{0xFF};
  std::vector<std::array<std::uint8_t, kStates.size()>> came_from;
  came_from.reserve(target.size() / kWindow + 1);
  Costs costs{};
  for (std::size_t begin = 0; begin < target.size(); begin += kWindow) {
    const auto best = static_cast<std::uint8_t>(std::ranges::min_element(costs) - costs.begin());
    const std::uint32_t least = costs[best];
    auto& from = came_from.emplace_back();
    const bool same = is_same(base, target, begin);
    for (std::size_t s = 0; s < kStates.size(); ++s) {
      const std::uint32_t stay = costs[s] - least;  // so that sums stay small
      from[s] = stay <= kSwitch ? kStay : best;
      costs[s] = std::min(stay, kSwitch) +
                 (same ? kSameCost : state_cost(kStates[s], base, target, begin));
    }
  }
  std::vector<std::uint8_t> way(came_from.size());
  auto state = static_cast<std::uint8_t>(std::ranges::min_element(costs) - costs.begin());
  for (std::size_t i = way.size(); i-- > 0;) {
    way[i] = state;
    if (came_from[i][state] != kStay) state = came_from[i][state];
  }
  return way;
}

std::size_t first_number(std::size_t from, const State& state) {
  return from + (state.phase + state.width - from % state.width) % state.width;
}

}  // namespace

std::vector<NumberRun> find_numbers(ByteView base, ByteView target) {
  const std::vector<std::uint8_t> way = cheapest_way(base, target);
  std::vector<NumberRun> runs;
  for (std::size_t i = 0; i < way.size(); ++i) {
    if (i > 0 && way[i] == way[i - 1]) continue;
    const State& state = kStates[way[i]];
    const std::size_t begin = std::min(first_number(i * kWindow, state), target.size());
    if (runs.empty() && begin > 0) runs.push_back({.begin = 0, .width = 1});
    runs.push_back({.begin = begin, .width = state.width});
  }
  for (std::size_t i = 0; i < runs.size(); ++i)
    runs[i].end = i + 1 < runs.size() ? runs[i + 1].begin : target.size();
  std::erase_if(runs, [](const NumberRun& run) { return run.begin >= run.end; });
  return runs;
}

}  // namespace vedette::release
