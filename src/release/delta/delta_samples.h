// Pairs of releases for the tests of deltas: numbers as a training leaves them, made from a seed.
#pragma once

#include <bit>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "release/delta/delta.h"

namespace vedette::release::samples {

// xorshift64*: the same numbers everywhere.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ ^= state_ >> 12U;
    state_ ^= state_ << 25U;
    state_ ^= state_ >> 27U;
    return state_ * 0x2545F4914F6CDD1DU;
  }
  // Bell-shaped enough: from -2 to 2.
  float bell() {
    float sum = 0;
    for (int i = 0; i < 4; ++i)
      sum += static_cast<float>(next() >> 40U) / static_cast<float>(1U << 24U) - 0.5F;
    return sum;
  }

 private:
  std::uint64_t state_;
};

inline void put_float(Bytes& to, float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  for (unsigned i = 0; i < 4; ++i)
    to.push_back(static_cast<std::uint8_t>(bits >> (8 * i)));
}

struct Pair {
  Bytes base;
  Bytes target;
};

// `count` weights of which each moved a little.
inline Pair weights(std::size_t count, float movement, std::uint64_t seed = 1) {
  Random random(seed);
  Pair pair;
  for (std::size_t i = 0; i < count; ++i) {
    const float weight = random.bell() * 0.05F;
    put_float(pair.base, weight);
    put_float(pair.target, weight + random.bell() * movement);
  }
  return pair;
}

inline Bytes noise(std::size_t size, std::uint64_t seed) {
  Random random(seed);
  Bytes octets(size);
  for (std::uint8_t& octet : octets)
    octet = static_cast<std::uint8_t>(random.next() >> 32U);
  return octets;
}

inline FileIdentity identity_of(ByteView octets) {
  return {crypto::sha256(octets), octets.size()};
}

inline Result<Bytes> made(ByteView base, ByteView target) {
  Bytes delta;
  VEDETTE_CHECK(make_delta(base, target, [&delta](ByteView piece) -> Result<void> {
    append(delta, piece);
    return {};
  }));
  return delta;
}

inline Result<Bytes> patched(ByteView base, ByteView delta, const FileIdentity& wanted) {
  Bytes target;
  VEDETTE_CHECK(apply_delta(MemorySource(base), MemorySource(delta), wanted,
                            [&target](ByteView piece) -> Result<void> {
                              append(target, piece);
                              return {};
                            }));
  return target;
}

}  // namespace vedette::release::samples
