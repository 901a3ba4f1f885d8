// Deltas that somebody else wrote.
#include <gtest/gtest.h>

#include "release/delta/delta_samples.h"
#include "release/delta/format.h"

namespace vedette::release {
namespace {

using namespace samples;

// A delta written by hand, block by block.
class Forged {
 public:
  Forged(ByteView base, ByteView target)
      : octets_(encode_header({identity_of(base), identity_of(target)})) {}

  Forged& add(const Block& block, ByteView stored = {}) {
    append(octets_, encode_block_head(block, number_++));
    append(octets_, stored);
    return *this;
  }
  Forged& skip_number() {
    ++number_;
    return *this;
  }
  Forged& literal(ByteView stored, std::uint32_t length, Packing packing) {
    return add({.kind = BlockKind::literal,
                .length = length,
                .packing = packing,
                .first = static_cast<std::uint32_t>(stored.size())},
               stored);
  }
  Bytes end() { return add({.kind = BlockKind::end}).octets_; }

 private:
  Bytes octets_;
  std::uint32_t number_ = 0;
};

class DeltaRefusals : public ::testing::Test {
 protected:
  // Applies, and expects that nothing at all was written before the refusal.
  void expect_nothing_written(ByteView octets, const FileIdentity& wanted, std::string_view code) {
    bool written = false;
    const auto applied = apply_delta(MemorySource(pair.base), MemorySource(octets), wanted,
                                     [&written](ByteView) -> Result<void> {
                                       written = true;
                                       return {};
                                     });
    ASSERT_FALSE(applied);
    EXPECT_EQ(applied.error().code, code) << describe(applied.error());
    EXPECT_FALSE(written);
  }
  std::string code_of(ByteView octets) {
    const auto target = patched(pair.base, octets, identity_of(pair.target));
    return target ? "accepted" : target.error().code;
  }

  Pair pair = weights(500, 1e-4F);
  Bytes delta = made(pair.base, pair.target).value();
};

TEST_F(DeltaRefusals, AnotherBaseIsRefusedBeforeAnythingIsWritten) {
  pair.base[17] ^= 1U;
  expect_nothing_written(delta, identity_of(pair.target), "DELTA-BASE");
  pair.base.pop_back();
  expect_nothing_written(delta, identity_of(pair.target), "DELTA-BASE");
}

TEST_F(DeltaRefusals, AnotherTargetThanTheWantedOneIsRefusedBeforeAnythingIsWritten) {
  expect_nothing_written(delta, identity_of(pair.base), "DELTA-TARGET");
  FileIdentity longer = identity_of(pair.target);
  ++longer.size;
  expect_nothing_written(delta, longer, "DELTA-TARGET");
}

TEST_F(DeltaRefusals, ABombEndsAtTheWantedSize) {
  Forged bomb(pair.base, pair.target);
  for (int i = 0; i < 1000; ++i)
    bomb.add({.kind = BlockKind::copy, .length = static_cast<std::uint32_t>(pair.base.size())});
  std::uint64_t written = 0;
  const Bytes octets = bomb.end();
  const auto applied =
      apply_delta(MemorySource(pair.base), MemorySource(octets), identity_of(pair.target),
                  [&written](ByteView piece) -> Result<void> {
                    written += piece.size();
                    return {};
                  });
  ASSERT_FALSE(applied);
  EXPECT_EQ(applied.error().code, "REL-SIZE");
  EXPECT_LE(written, pair.target.size());
}

TEST_F(DeltaRefusals, AZstdBombYieldsNoMoreThanItsBlockSays) {
  const Bytes bomb = zstd_pack(Bytes(kMaxBlockBytes));
  ASSERT_LT(bomb.size(), 1000U);
  EXPECT_EQ(code_of(Forged(pair.base, pair.target).literal(bomb, 1500, Packing::zstd).end()),
            "DELTA-SYNTAX");
}

TEST_F(DeltaRefusals, AZstdFrameIsOneAndWhole) {
  const Bytes plain(1500, 'x');
  Bytes packed = zstd_pack(plain);
  packed.push_back(0);
  EXPECT_EQ(code_of(Forged(pair.base, pair.target).literal(packed, 1500, Packing::zstd).end()),
            "DELTA-SYNTAX");
  packed.resize(packed.size() - 2);
  EXPECT_EQ(code_of(Forged(pair.base, pair.target).literal(packed, 1500, Packing::zstd).end()),
            "DELTA-SYNTAX");
  EXPECT_EQ(
      code_of(Forged(pair.base, pair.target).literal(zstd_pack(plain), 1501, Packing::zstd).end()),
      "DELTA-SYNTAX")
      << "it yields less than its block says";
}

TEST_F(DeltaRefusals, EveryTruncationIsRefused) {
  for (std::size_t size = 0; size < delta.size(); ++size)
    ASSERT_EQ(code_of(ByteView(delta).first(size)), "DELTA-SYNTAX") << size;
}

TEST_F(DeltaRefusals, AnOctetTooManyIsRefused) {
  delta.push_back(0);
  EXPECT_EQ(code_of(delta), "DELTA-SYNTAX");
}

// The last octets of a coder's interval do not matter; all others do.
TEST_F(DeltaRefusals, NoFlippedBitYieldsAnythingElse) {
  int accepted = 0;
  for (std::size_t i = 0; i < delta.size(); ++i) {
    Bytes flipped = delta;
    flipped[i] ^= static_cast<std::uint8_t>(1U << (i % 8));
    const auto target = patched(pair.base, flipped, identity_of(pair.target));
    if (!target) continue;
    ASSERT_TRUE(equal(*target, pair.target)) << "octet " << i;
    ++accepted;
  }
  EXPECT_LE(accepted, 4);
}

TEST_F(DeltaRefusals, BlocksOutOfOrderAreRefused) {
  const auto half = static_cast<std::uint32_t>(pair.base.size() / 2);
  Forged skipped(pair.base, pair.base);
  skipped.skip_number().add({.kind = BlockKind::copy, .length = half});
  EXPECT_EQ(patched(pair.base, skipped.end(), identity_of(pair.base)).error().code, "DELTA-SYNTAX");
  // Numbered anew, it is for the digest to tell.
  Forged swapped(pair.base, pair.base);
  swapped.add({.kind = BlockKind::copy, .length = half, .base = half});
  swapped.add({.kind = BlockKind::copy, .length = half});
  EXPECT_EQ(patched(pair.base, swapped.end(), identity_of(pair.base)).error().code, "REL-DIGEST");
}

TEST_F(DeltaRefusals, TheWholeTargetsDigestDecides) {
  Bytes other = pair.target;
  other[0] ^= 1U;
  Bytes forged = made(pair.base, other).value();
  const Bytes header = encode_header({identity_of(pair.base), identity_of(pair.target)});
  std::ranges::copy(header, forged.begin());
  EXPECT_EQ(code_of(forged), "REL-DIGEST");
}

TEST_F(DeltaRefusals, ATargetThatEndsTooEarlyIsRefused) {
  EXPECT_EQ(code_of(Forged(pair.base, pair.target).end()), "REL-SIZE");
}

TEST_F(DeltaRefusals, NoBlockLiesOutsideOfTheBase) {
  const std::uint64_t size = pair.base.size();
  for (const std::uint64_t offset : {size, size - 3, size + 1, ~std::uint64_t{0}}) {
    const Block copy{.kind = BlockKind::copy, .length = 4, .base = offset};
    EXPECT_EQ(code_of(Forged(pair.base, pair.target).add(copy).end()), "DELTA-SYNTAX") << offset;
    const Block difference{
        .kind = BlockKind::difference, .length = 4, .base = offset, .first = 4, .second = 0};
    EXPECT_EQ(code_of(Forged(pair.base, pair.target).add(difference, Bytes(4)).end()),
              "DELTA-SYNTAX")
        << offset;
  }
}

TEST_F(DeltaRefusals, ABlockStoresNoMoreThanItYieldsAndYieldsNoMoreThanAMebibyte) {
  const Block fat{.kind = BlockKind::difference, .length = 8, .first = 4, .second = 5};
  EXPECT_EQ(code_of(Forged(pair.base, pair.target).add(fat, Bytes(9)).end()), "DELTA-SYNTAX");
  const Block large{.kind = BlockKind::difference, .length = kMaxBlockBytes + 1, .first = 4};
  EXPECT_EQ(code_of(Forged(pair.base, pair.target).add(large, Bytes(4)).end()), "DELTA-SYNTAX");
  const Block empty{.kind = BlockKind::copy};
  EXPECT_EQ(code_of(Forged(pair.base, pair.target).add(empty).end()), "DELTA-SYNTAX");
}

TEST_F(DeltaRefusals, UnknownKindsElementsAndPackingsAreRefused) {
  for (const auto kind : {4, 255}) {
    Bytes octets = Forged(pair.base, pair.target).end();
    octets[kDeltaHeaderBytes] = static_cast<std::uint8_t>(kind);
    EXPECT_EQ(code_of(octets), "DELTA-SYNTAX");
  }
  const Block difference{.kind = BlockKind::difference, .length = 8, .first = 4};
  for (const auto element : {0, 10}) {
    Bytes octets = Forged(pair.base, pair.target).add(difference, Bytes(4)).end();
    octets[kDeltaHeaderBytes + kBlockHeadBytes + 8] = static_cast<std::uint8_t>(element);
    EXPECT_EQ(code_of(octets), "DELTA-SYNTAX");
  }
  Bytes octets = Forged(pair.base, pair.target).literal(Bytes(8), 8, Packing::none).end();
  octets[kDeltaHeaderBytes + kBlockHeadBytes] = 2;
  EXPECT_EQ(code_of(octets), "DELTA-SYNTAX");
}

TEST_F(DeltaRefusals, CodedOctetsAreUsedUpExactly) {
  DifferenceModel model(Element::float32);
  const CodedDifferences coded = model.encode(pair.base, pair.target);
  const auto decode = [&](ByteView adaptive, ByteView plain) {
    Bytes octets = pair.base;
    return DifferenceModel(Element::float32).decode(adaptive, plain, octets).has_value();
  };
  ASSERT_TRUE(decode(coded.adaptive, coded.plain));
  Bytes longer = coded.adaptive;
  longer.push_back(0);
  EXPECT_FALSE(decode(longer, coded.plain));
  EXPECT_FALSE(decode(ByteView(coded.adaptive).first(coded.adaptive.size() - 1), coded.plain));
  longer = coded.plain;
  longer.push_back(0);
  EXPECT_FALSE(decode(coded.adaptive, longer));
  EXPECT_FALSE(decode(coded.adaptive, ByteView(coded.plain).first(coded.plain.size() - 1)));
}

TEST_F(DeltaRefusals, WhatTheSinkRefusesEndsTheWork) {
  const auto full = [](ByteView) -> Result<void> { return refuse("DISK-FULL", "no room"); };
  EXPECT_EQ(make_delta(pair.base, pair.target, full).error().code, "DISK-FULL");
  EXPECT_EQ(
      apply_delta(MemorySource(pair.base), MemorySource(delta), identity_of(pair.target), full)
          .error()
          .code,
      "DISK-FULL");
}

TEST_F(DeltaRefusals, AnEmptyTargetHasNoDelta) {
  EXPECT_EQ(made(pair.base, {}).error().code, "DELTA-SIZE");
}

}  // namespace
}  // namespace vedette::release
