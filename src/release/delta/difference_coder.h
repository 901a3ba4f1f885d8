// What changed in elements that are numbers. Internal to delta/.
//
// Target minus base, as little-endian integers of the element's width, modulo 2^width: for floating
// point of one sign that counts the representable values between them. How large it may be is told
// by the base's exponent, which the decoder has: each exponent has its own statistics.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "release/delta/adaptive_bits.h"

namespace vedette::release {

// Which octets make a number, and by what the statistics are kept: by what the base is (its octet,
// its exponent), or by how large the last difference was. The values are those of the wire.
enum class Element : std::uint8_t {
  octet = 1,
  octet_by_value = 2,
  integer16 = 3,
  bfloat16 = 4,
  float16 = 5,
  integer32 = 6,
  float32 = 7,
  integer64 = 8,
  float64 = 9,
};

[[nodiscard]] std::optional<Element> element_of(std::uint8_t wire);
[[nodiscard]] std::size_t width_of(Element element);                // octets: 1, 2, 4 or 8
[[nodiscard]] std::vector<Element> elements_of(std::size_t width);  // that have it

// What is stored of a block of differences.
struct CodedDifferences {
  Bytes adaptive;
  Bytes plain;

  [[nodiscard]] std::size_t size() const { return adaptive.size() + plain.size(); }
};

// The statistics of one kind of element; they go on from block to block, in encoder and decoder
// alike. A value: about 150 kB.
class DifferenceModel {
 public:
  explicit DifferenceModel(Element element);

  // `base` and `target` have the same size; what is left after the last whole element is coded too.
  [[nodiscard]] CodedDifferences encode(ByteView base, ByteView target);

  // Turns `octets`, which hold the base, into the target. Refuses DELTA-SYNTAX when the block is
  // not used up exactly.
  [[nodiscard]] Result<void> decode(ByteView adaptive, ByteView plain,
                                    std::span<std::uint8_t> octets);

 private:
  // Both directions take the same path: `coder` codes a bit, or yields one.
  template <class Coder>
  std::uint64_t code(Coder& coder, std::uint64_t base, std::uint64_t difference);
  template <class Coder>
  unsigned code_length(Coder& coder, unsigned context, unsigned length);
  template <class Coder>
  std::uint64_t code_below_top(Coder& coder, unsigned length, std::uint64_t magnitude);

  [[nodiscard]] unsigned context_of(std::uint64_t base) const;

  static constexpr unsigned kContexts = 256;
  static constexpr unsigned kHistories = 4;  // were the last two differences zero?
  static constexpr unsigned kLengths = 64;

  std::size_t width_;              // of an element, in octets
  unsigned bits_;                  // the same in bits
  std::optional<unsigned> shift_;  // of the base, to its context; none: last_ is the context
  unsigned last_ = 0;              // length of the last difference
  unsigned history_ = 0;
  std::array<AdaptiveBit, std::size_t{kContexts} * kHistories> changed_;
  std::array<AdaptiveBit, std::size_t{kContexts} * kLengths> length_;
  std::array<AdaptiveBit, std::size_t{kLengths + 1} * 2> sign_;
  std::array<AdaptiveBit, std::size_t{kLengths + 1} * 4> below_top_;
};

// The models of a delta, each made when it is first needed.
class DifferenceModels {
 public:
  [[nodiscard]] DifferenceModel& of(Element element);

 private:
  std::map<Element, DifferenceModel> models_;
};

}  // namespace vedette::release
