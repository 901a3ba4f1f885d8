#include <algorithm>
#include <limits>
#include <string>

#include "release/delta/alignment.h"
#include "release/delta/delta.h"
#include "release/delta/format.h"
#include "release/delta/partition.h"

namespace vedette::release {
namespace {

constexpr std::size_t kMinCopy = 64 << 10;         // shorter ones are cheap as differences
constexpr std::size_t kMaxPartition = 64U << 20U;  // octets that are cut into numbers at once
constexpr std::size_t kSample = 64 << 10;          // octets by which the kind of number is chosen
constexpr std::size_t kMaxCopy = 1U << 30U;

// Octets of the target, and their like in the base.
struct Pair {
  std::size_t begin = 0;  // in the target
  std::size_t base = 0;
  std::size_t size = 0;

  [[nodiscard]] Pair part(std::size_t from, std::size_t to) const {
    return {.begin = begin + from, .base = base + from, .size = to - from};
  }
};

class Maker {
 public:
  Maker(ByteView base, ByteView target, const ByteSink& sink, const DeltaProgress& progress)
      : base_(base), target_(target), sink_(sink), progress_(progress) {}

  Result<void> run() {
    const DeltaHeader header{.base = {crypto::sha256(base_), base_.size()},
                             .target = {crypto::sha256(target_), target_.size()}};
    VEDETTE_CHECK(sink_(encode_header(header)));
    for (const AlignedRegion& region : align(base_, target_))
      VEDETTE_CHECK(region.base ? put_alike({region.begin, *region.base, region.end - region.begin})
                                : put_literals(region.begin, region.end));
    return put({.kind = BlockKind::end}, {}, {});
  }

 private:
  // Copies where nothing changed, differences elsewhere.
  Result<void> put_alike(const Pair& pair) {
    std::size_t changed = 0;  // where what is not written yet begins
    for (std::size_t at = 0; at < pair.size;) {
      const std::size_t same = same_from(pair, at);
      if (same - at >= kMinCopy) {
        VEDETTE_CHECK(put_changed(pair.part(changed, at)));
        VEDETTE_CHECK(put_copy(pair.part(at, same)));
        changed = same;
      }
      at = same + 1;
    }
    return put_changed(pair.part(std::min(changed, pair.size), pair.size));
  }

  [[nodiscard]] std::size_t same_from(const Pair& pair, std::size_t at) const {
    const auto target = target_.subspan(pair.begin + at, pair.size - at);
    const auto base = base_.subspan(pair.base + at, pair.size - at);
    return at + static_cast<std::size_t>(std::ranges::mismatch(target, base).in1 - target.begin());
  }

  Result<void> put_copy(const Pair& pair) {
    for (std::size_t at = 0; at < pair.size; at += kMaxCopy) {
      const std::size_t length = std::min(kMaxCopy, pair.size - at);
      VEDETTE_CHECK(put({.kind = BlockKind::copy,
                         .length = static_cast<std::uint32_t>(length),
                         .base = pair.base + at},
                        {}, {}));
    }
    return {};
  }

  Result<void> put_changed(const Pair& pair) {
    for (std::size_t at = 0; at < pair.size; at += kMaxPartition)
      VEDETTE_CHECK(put_numbers(pair.part(at, std::min(at + kMaxPartition, pair.size))));
    return {};
  }

  Result<void> put_numbers(const Pair& pair) {
    const auto runs =
        find_numbers(base_.subspan(pair.base, pair.size), target_.subspan(pair.begin, pair.size));
    for (const NumberRun& run : runs)
      for (std::size_t at = run.begin; at < run.end; at += kMaxBlockBytes)
        VEDETTE_CHECK(put_block(pair.part(at, std::min(at + kMaxBlockBytes, run.end)), run.width));
    return {};
  }

  // The smaller way to tell these octets: what changed, or what they are.
  Result<void> put_block(const Pair& pair, std::size_t width) {
    const ByteView target = target_.subspan(pair.begin, pair.size);
    const ByteView base = base_.subspan(pair.base, pair.size);
    const Element element = best_element(base, target, width);
    DifferenceModel model = models_.of(element);
    const CodedDifferences coded = model.encode(base, target);
    if (coded.size() > target.size() / 2) {
      const Bytes packed = zstd_pack(target);
      if (std::min(packed.size(), target.size()) <= coded.size())
        return put_literal(target, packed);
    }
    models_.of(element) = model;
    return put({.kind = BlockKind::difference,
                .length = static_cast<std::uint32_t>(pair.size),
                .base = pair.base,
                .element = element,
                .first = static_cast<std::uint32_t>(coded.adaptive.size()),
                .second = static_cast<std::uint32_t>(coded.plain.size())},
               coded.adaptive, coded.plain);
  }

  // By a sample from the middle.
  [[nodiscard]] Element best_element(ByteView base, ByteView target, std::size_t width) {
    const std::size_t size = std::min(kSample, target.size());
    const std::size_t begin = (target.size() - size) / 2 / width * width;
    Element best{};
    std::size_t least = std::numeric_limits<std::size_t>::max();
    for (const Element candidate : elements_of(width)) {
      DifferenceModel model = models_.of(candidate);
      const std::size_t cost =
          model.encode(base.subspan(begin, size), target.subspan(begin, size)).size();
      if (cost >= least) continue;
      least = cost;
      best = candidate;
    }
    return best;
  }

  Result<void> put_literals(std::size_t begin, std::size_t end) {
    for (std::size_t at = begin; at < end; at += kMaxBlockBytes) {
      const ByteView octets = target_.subspan(at, std::min(kMaxBlockBytes, end - at));
      VEDETTE_CHECK(put_literal(octets, zstd_pack(octets)));
    }
    return {};
  }

  Result<void> put_literal(ByteView octets, ByteView packed) {
    const bool pays = packed.size() < octets.size();
    const ByteView stored = pays ? packed : octets;
    return put({.kind = BlockKind::literal,
                .length = static_cast<std::uint32_t>(octets.size()),
                .packing = pays ? Packing::zstd : Packing::none,
                .first = static_cast<std::uint32_t>(stored.size())},
               stored, {});
  }

  Result<void> put(const Block& block, ByteView first, ByteView second) {
    VEDETTE_CHECK(sink_(encode_block_head(block, number_++)));
    if (!first.empty()) VEDETTE_CHECK(sink_(first));
    if (!second.empty()) VEDETTE_CHECK(sink_(second));
    done_ += block.length;
    if (progress_) progress_(done_);
    return {};
  }

  ByteView base_;
  ByteView target_;
  const ByteSink& sink_;
  const DeltaProgress& progress_;
  DifferenceModels models_;
  std::uint32_t number_ = 0;
  std::uint64_t done_ = 0;
};

}  // namespace

Result<void> make_delta(ByteView base, ByteView target, const ByteSink& sink,
                        const DeltaProgress& progress) {
  if (target.empty())
    return refuse("DELTA-SIZE", "a delta makes a file that is not empty", "the target is empty");
  return Maker(base, target, sink, progress).run();
}

}  // namespace vedette::release
