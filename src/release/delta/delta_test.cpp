#include "release/delta/delta.h"

#include <fstream>
#include <stdexcept>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include "base/fd.h"
#include "release/delta/alignment.h"
#include "release/delta/delta_samples.h"
#include "testing/temporary_folder.h"

namespace vedette::release {
namespace {

using namespace samples;

// The delta's size; the target must come back from it.
std::size_t size_of_delta(const Pair& pair) {
  const auto delta = made(pair.base, pair.target);
  if (!delta) throw std::runtime_error(describe(delta.error()));
  const auto target = patched(pair.base, *delta, identity_of(pair.target));
  EXPECT_TRUE(target) << describe(target.error());
  EXPECT_TRUE(target && equal(*target, pair.target));
  return delta->size();
}

Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes whole;
  for (const Bytes& part : parts)
    append(whole, part);
  return whole;
}

TEST(Delta, AnUnchangedFileIsACopy) {
  const Bytes file = noise(3U << 20U, 1);
  EXPECT_LT(size_of_delta({file, file}), 200U);
}

TEST(Delta, AnyTwoFilesHaveOne) {
  const Bytes some = noise(5000, 2);
  for (const std::size_t base : {0U, 1U, 15U, 16U, 64U, 4999U})
    for (const std::size_t target : {1U, 7U, 63U, 65U, 5000U}) {
      const Bytes from(some.begin(), some.begin() + static_cast<std::ptrdiff_t>(base));
      EXPECT_LE(size_of_delta(
                    {from, Bytes(some.end() - static_cast<std::ptrdiff_t>(target), some.end())}),
                target + 200);
    }
}

TEST(Delta, WeightsThatMovedALittleTakeALittle) {
  const Pair light = weights(100'000, 1e-6F);
  EXPECT_LT(size_of_delta(light), light.target.size() * 40 / 100);
  const Pair heavy = weights(100'000, 1e-2F);
  EXPECT_LT(size_of_delta(heavy), heavy.target.size() * 80 / 100);
}

TEST(Delta, FewChangedOctetsTakeFew) {
  Pair pair{noise(1U << 20U, 3), {}};
  pair.target = pair.base;
  Random random(4);
  for (int i = 0; i < 1000; ++i)
    ++pair.target[random.next() % pair.target.size()];
  EXPECT_LT(size_of_delta(pair), 2'600U) << "a place among a million is worth ten bits";
}

// Nothing but the numbers themselves says where they begin.
TEST(Delta, TensorsAreFoundAtAnyOffset) {
  const Pair aligned = weights(50'000, 1e-6F);
  const std::size_t plain = size_of_delta(aligned);
  for (std::size_t offset = 1; offset < 8; ++offset) {
    const Bytes head = noise(offset, 5);
    EXPECT_LT(size_of_delta({joined({head, aligned.base}), joined({head, aligned.target})}),
              plain + plain / 50)
        << offset;
  }
}

// A new name, a longer description: everything behind it is elsewhere.
TEST(Delta, WhatIsInsertedOrRemovedMovesTheRest) {
  const Pair first = weights(50'000, 1e-6F, 6);
  const Pair second = weights(50'000, 1e-6F, 7);
  const Bytes between = to_bytes("\"layer.1.weight\": F32 [50000], row-major, frozen: no");
  const std::size_t plain = size_of_delta(
      {joined({first.base, between, second.base}), joined({first.target, between, second.target})});
  const Bytes text = to_bytes("trained again, with the recordings of the second line");
  const Pair grown{joined({first.base, between, second.base}),
                   joined({text, first.target, between, text, second.target})};
  EXPECT_LT(size_of_delta(grown), plain + plain / 20);
  EXPECT_LT(size_of_delta({grown.target, joined({first.base, between, second.base})}),
            plain + plain / 20);
}

TEST(Delta, TensorsMayTradePlaces) {
  const Pair first = weights(50'000, 1e-6F, 8);
  const Pair second = weights(50'000, 1e-6F, 9);
  const Bytes one = to_bytes("the tensor that is called encoder.bias");
  const Bytes two = to_bytes("the tensor that is called decoder.bias");
  const std::size_t plain = size_of_delta({joined({one, first.base, two, second.base}),
                                           joined({one, first.target, two, second.target})});
  EXPECT_LT(size_of_delta({joined({one, first.base, two, second.base}),
                           joined({two, second.target, one, first.target})}),
            plain + plain / 20);
}

TEST(Delta, WhatIsLikeNothingInTheBaseIsPacked) {
  const std::string sentence = "a paragraph of documentation that nobody wrote before, ";
  std::string text;
  for (int i = 0; i < 4000; ++i)
    text += sentence + std::to_string(i);
  EXPECT_LT(size_of_delta({noise(1000, 10), to_bytes(text)}), text.size() / 5);
}

TEST(Delta, IsTheSameEachTime) {
  const Pair pair = weights(20'000, 1e-5F);
  EXPECT_EQ(made(pair.base, pair.target), made(pair.base, pair.target));
}

TEST(Delta, SaysWhatItIsFor) {
  const Pair pair = weights(100, 1e-5F);
  const Bytes delta = made(pair.base, pair.target).value();
  const auto header = read_delta_header(MemorySource(delta));
  ASSERT_TRUE(header);
  EXPECT_EQ(header->base, identity_of(pair.base));
  EXPECT_EQ(header->target, identity_of(pair.target));
}

TEST(Delta, RegionsCoverTheTargetInOrder) {
  const Pair pair = weights(30'000, 1e-6F);
  const Bytes target = joined({noise(777, 11), pair.target, noise(5000, 12)});
  std::size_t at = 0;
  for (const AlignedRegion& region : align(pair.base, target)) {
    EXPECT_EQ(region.begin, at);
    EXPECT_LT(region.begin, region.end);
    EXPECT_LE(region.base.value_or(0) + (region.base ? region.end - region.begin : 0),
              pair.base.size());
    at = region.end;
  }
  EXPECT_EQ(at, target.size());
}

// The peak of this process: a file's octets are never here as a whole.
std::size_t peak_kilobytes() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::stoul(line.substr(6));
  return 0;
}

void write_file(const std::string& path, ByteView octets) {
  std::ofstream(path, std::ios::binary) << as_text(octets);
}

// Lets VmHWM begin anew; false where the kernel does not, and then it says nothing.
bool forget_peak() {
  std::ofstream forget("/proc/self/clear_refs");
  forget << "5" << std::flush;
  return forget.good();
}

// What applying a delta between two files of so many weights added to the peak.
std::size_t added_kilobytes(const TemporaryFolder& folder, std::size_t count) {
  FileIdentity wanted;
  {
    const Pair pair = weights(count, 1e-6F);
    wanted = identity_of(pair.target);
    write_file(folder / "base", pair.base);
    write_file(folder / "delta", made(pair.base, pair.target).value());
  }
  ::malloc_trim(0);
  EXPECT_TRUE(forget_peak());
  const std::size_t before = peak_kilobytes();
  const UniqueFd base(::open((folder / "base").c_str(), O_RDONLY | O_CLOEXEC));
  const UniqueFd delta(::open((folder / "delta").c_str(), O_RDONLY | O_CLOEXEC));
  const auto from = FileSource::of(base.get());
  const auto by = FileSource::of(delta.get());
  EXPECT_TRUE(from && by &&
              apply_delta(*from, *by, wanted, [](ByteView) -> Result<void> { return {}; }));
  return peak_kilobytes() - before;
}

TEST(DeltaMemory, ApplyingTakesTheSameForAnySize) {
  const TemporaryFolder folder;
  if (!forget_peak() || peak_kilobytes() == 0)
    GTEST_SKIP() << "the kernel does not tell the peak of memory anew";
  EXPECT_LT(added_kilobytes(folder, 1U << 20U), 6'000U);  // of 4 MiB
  EXPECT_LT(added_kilobytes(folder, 4U << 20U), 6'000U);  // of 16 MiB
}

}  // namespace
}  // namespace vedette::release
