#include "release/delta/alignment.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>

namespace vedette::release {
namespace {

constexpr std::size_t kAnchor = 16;    // octets that must be equal to look further
constexpr std::size_t kStride = 8;     // of the anchors that are known of the base
constexpr std::size_t kMatch = 24;     // equal octets around an anchor that make it one
constexpr std::size_t kStep = 64;      // octets that are judged at once
constexpr std::int64_t kGain = 1000;   // bits by which another shift must be better
constexpr std::size_t kOverlap = 128;  // octets that were alike, and may still hold an anchor
constexpr std::int64_t kDrop = 4000;   // bits behind the best gain to stop looking at
constexpr std::size_t kProbe = 4096;   // octets between looks at the shifts by which the ends agree
constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

// What an octet costs by its distance, in bits.
constexpr std::array<std::uint8_t, 256> kOctetCosts = [] {
  std::array<std::uint8_t, 256> costs{};
  for (unsigned i = 0; i < costs.size(); ++i)
    costs.at(i) = static_cast<std::uint8_t>(std::bit_width(i < 128 ? i : 256 - i));
  return costs;
}();
constexpr std::uint64_t kWorst = 8;
// Above this, in bits for each octet, a part is not taken to be where it belongs: octets that have
// nothing to do with each other come to six.
constexpr double kAlike = 4.5;

// Base offset minus target offset.
using Shift = std::int64_t;

struct Turn {
  std::size_t begin;  // in the target
  Shift shift;
};

class AnchorIndex {
 public:
  explicit AnchorIndex(ByteView base) : base_(base) {
    if (base.size() < kAnchor) return;
    const std::size_t count = std::min<std::size_t>((base.size() - kAnchor) / kStride + 1, kNone);
    bits_ = static_cast<unsigned>(std::bit_width(count * 2 - 1));
    table_.assign(std::size_t{1} << bits_, kNone);
    for (std::uint32_t i = 0; i < count; ++i) {
      std::uint32_t& slot = table_[hash(&base[std::size_t{i} * kStride])];
      if (slot == kNone) slot = i;
    }
  }

  // Where the same sixteen octets stand in the base.
  [[nodiscard]] std::optional<std::size_t> find(const std::uint8_t* octets) const {
    if (table_.empty()) return std::nullopt;
    const std::uint32_t found = table_[hash(octets)];
    if (found == kNone) return std::nullopt;
    const std::size_t at = std::size_t{found} * kStride;
    if (std::memcmp(&base_[at], octets, kAnchor) != 0) return std::nullopt;
    return at;
  }

 private:
  [[nodiscard]] std::size_t hash(const std::uint8_t* octets) const {
    std::array<std::uint64_t, 2> words{};
    std::memcpy(words.data(), octets, kAnchor);
    const std::uint64_t mixed =
        (words[0] * 0x9E3779B97F4A7C15U) ^ std::rotl(words[1] * 0xC2B2AE3D27D4EB4FU, 31);
    return static_cast<std::size_t>((mixed * 0x9E3779B97F4A7C15U) >> (64U - bits_));
  }

  ByteView base_;
  unsigned bits_ = 0;
  std::vector<std::uint32_t> table_;
};

class Aligner {
 public:
  Aligner(ByteView base, ByteView target)
      : base_(base), target_(target), index_(base), turns_{{.begin = 0, .shift = 0}} {}

  std::vector<AlignedRegion> run() {
    const Shift at_end = static_cast<Shift>(base_.size()) - static_cast<Shift>(target_.size());
    while (at_ < target_.size()) {
      const bool alike = is_alike();
      if (alike && at_ >= doubtful_until_) {
        at_ += kStep;
        continue;
      }
      if (!alike) doubtful_until_ = at_ + kStep + kOverlap;
      if (!alike && at_ >= next_probe_) {
        next_probe_ = at_ + kProbe;
        if (turn_to(at_end, at_) || turn_to(0, at_)) continue;
      }
      look_for_anchor();
    }
    return regions();
  }

 private:
  [[nodiscard]] std::uint64_t octet_cost(std::size_t at, Shift shift) const {
    const Shift in_base = static_cast<Shift>(at) + shift;
    if (in_base < 0 || in_base >= static_cast<Shift>(base_.size())) return kWorst;
    return kOctetCosts.at(
        static_cast<std::uint8_t>(target_[at] - base_[static_cast<std::size_t>(in_base)]));
  }

  [[nodiscard]] std::uint64_t cost(std::size_t begin, std::size_t count, Shift shift) const {
    const std::size_t end = std::min(begin + count, target_.size());
    std::uint64_t sum = 0;
    for (std::size_t i = begin; i < end; ++i)
      sum += octet_cost(i, shift);
    return sum;
  }

  [[nodiscard]] Shift shift() const { return turns_.back().shift; }

  [[nodiscard]] bool is_alike() const {
    const std::size_t count = std::min(kStep, target_.size() - at_);
    return static_cast<double>(cost(at_, count, shift())) <= kAlike * static_cast<double>(count);
  }

  // Goes over the next step, octet by octet, until an anchor leads elsewhere. Names before a tensor
  // can be so alike that only the tensor shows that they were not the same.
  void look_for_anchor() {
    const std::size_t end = std::min(at_ + kStep, target_.size());
    std::size_t i = std::max({looked_, turns_.back().begin, at_ - std::min(at_, kOverlap)});
    while (i < end && i + kAnchor <= target_.size()) {
      const auto found = index_.find(&target_[i]);
      const bool turned = found && is_match(i, *found) &&
                          turn_to(static_cast<Shift>(*found) - static_cast<Shift>(i), i);
      ++i;
      if (turned) break;
    }
    looked_ = i;
    at_ = std::max(at_, end);
  }

  [[nodiscard]] bool is_match(std::size_t at, std::size_t in_base) const {
    std::size_t before = 0;
    while (before < kMatch && before < at && before < in_base &&
           target_[at - before - 1] == base_[in_base - before - 1])
      ++before;
    std::size_t after = kAnchor;
    while (before + after < kMatch && at + after < target_.size() &&
           in_base + after < base_.size() && target_[at + after] == base_[in_base + after])
      ++after;
    return before + after >= kMatch;
  }

  // By how many bits an octet is cheaper with the other shift.
  [[nodiscard]] std::int64_t gain_of(std::size_t at, Shift other) const {
    return static_cast<std::int64_t>(octet_cost(at, shift())) -
           static_cast<std::int64_t>(octet_cost(at, other));
  }

  // Takes another shift for what lies around `at`, if that is clearly cheaper with it.
  bool turn_to(Shift other, std::size_t at) {
    if (other == shift()) return false;
    const Reach before = reach_before(other, at);
    if (before.gain + gain_after(other, at) < kGain) return false;
    if (before.begin == turns_.back().begin) turns_.pop_back();
    turns_.push_back({.begin = before.begin, .shift = other});
    return true;
  }

  struct Reach {
    std::size_t begin;
    std::int64_t gain;
  };

  // From where on, before `at`, the other shift is the better one.
  [[nodiscard]] Reach reach_before(Shift other, std::size_t at) const {
    Reach best{.begin = at, .gain = 0};
    std::int64_t gain = 0;
    for (std::size_t i = at; i-- > turns_.back().begin && gain > best.gain - kDrop;) {
      gain += gain_of(i, other);
      if (gain > best.gain) best = {.begin = i, .gain = gain};
    }
    return best;
  }

  // No more than is enough.
  [[nodiscard]] std::int64_t gain_after(Shift other, std::size_t at) const {
    std::int64_t best = 0;
    std::int64_t gain = 0;
    for (std::size_t i = at; i < target_.size() && best < kGain && gain > best - kDrop; ++i) {
      gain += gain_of(i, other);
      best = std::max(best, gain);
    }
    return best;
  }

  [[nodiscard]] std::vector<AlignedRegion> regions() const {
    std::vector<AlignedRegion> regions;
    for (std::size_t i = 0; i < turns_.size(); ++i) {
      const std::size_t end = i + 1 < turns_.size() ? turns_[i + 1].begin : target_.size();
      add(regions, turns_[i], end);
    }
    return regions;
  }

  // Cuts off what lies before the base's first octet or behind its last.
  void add(std::vector<AlignedRegion>& to, const Turn& turn, std::size_t end) const {
    const auto clip = [&](Shift in_base) {
      return static_cast<std::size_t>(std::clamp<Shift>(
          in_base - turn.shift, static_cast<Shift>(turn.begin), static_cast<Shift>(end)));
    };
    const std::size_t first = clip(0);
    const std::size_t last = clip(static_cast<Shift>(base_.size()));
    if (turn.begin < first) to.push_back({.begin = turn.begin, .end = first});
    if (first < last)
      to.push_back({.begin = first,
                    .end = last,
                    .base = static_cast<std::size_t>(static_cast<Shift>(first) + turn.shift)});
    if (last < end && first <= last)
      to.push_back({.begin = std::max(last, turn.begin), .end = end});
  }

  ByteView base_;
  ByteView target_;
  AnchorIndex index_;
  std::vector<Turn> turns_;
  std::size_t at_ = 0;
  std::size_t next_probe_ = 0;
  std::size_t doubtful_until_ = 0;  // behind what was not alike, an anchor may still tell why
  std::size_t looked_ = 0;          // where the next anchor is looked for, at the earliest
};

}  // namespace

std::vector<AlignedRegion> align(ByteView base, ByteView target) {
  return Aligner(base, target).run();
}

}  // namespace vedette::release
