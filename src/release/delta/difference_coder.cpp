#include "release/delta/difference_coder.h"

#include <bit>

#include "release/delta/little_endian.h"

namespace vedette::release {
namespace {

struct Traits {
  Element element;
  std::size_t width;              // octets
  std::optional<unsigned> shift;  // of the base, to what tells most; none: the last difference does
};

// The exponent of a float64 has eleven bits, of which the upper eight are kept; the five bits of a
// float16 leave room for the sign and two of the significand.
constexpr std::array kTraits{
    Traits{Element::octet, 1, {}},     Traits{Element::octet_by_value, 1, 0},
    Traits{Element::integer16, 2, {}}, Traits{Element::bfloat16, 2, 7},
    Traits{Element::float16, 2, 8},    Traits{Element::integer32, 4, {}},
    Traits{Element::float32, 4, 23},   Traits{Element::integer64, 8, {}},
    Traits{Element::float64, 8, 55},
};

const Traits& traits_of(Element element) {
  return kTraits.at(static_cast<std::size_t>(element) - 1);
}

class Writing {
 public:
  explicit Writing(CodedDifferences& to) : adaptive_(to.adaptive), plain_(to.plain) {}

  bool bit(AdaptiveBit& model, bool value) {
    adaptive_.encode(model, value);
    return value;
  }
  std::uint64_t plain(std::uint64_t value, unsigned count) {
    plain_.put(value, count);
    return value & ((std::uint64_t{1} << count) - 1);
  }
  void finish() {
    adaptive_.finish();
    plain_.finish();
  }

 private:
  BitEncoder adaptive_;
  PlainBitWriter plain_;
};

class Reading {
 public:
  Reading(ByteView adaptive, ByteView plain) : adaptive_(adaptive), plain_(plain) {}

  bool bit(AdaptiveBit& model, bool /*value*/) { return adaptive_.decode(model); }
  std::uint64_t plain(std::uint64_t /*value*/, unsigned count) { return plain_.take(count); }
  [[nodiscard]] bool is_at_end() const { return adaptive_.is_at_end() && plain_.is_at_end(); }

 private:
  BitDecoder adaptive_;
  PlainBitReader plain_;
};

}  // namespace

std::optional<Element> element_of(std::uint8_t wire) {
  if (wire < 1 || wire > kTraits.size()) return std::nullopt;
  return static_cast<Element>(wire);
}

std::size_t width_of(Element element) {
  return traits_of(element).width;
}

std::vector<Element> elements_of(std::size_t width) {
  std::vector<Element> elements;
  for (const Traits& traits : kTraits)
    if (traits.width == width) elements.push_back(traits.element);
  return elements;
}

DifferenceModel::DifferenceModel(Element element)
    : width_(width_of(element)),
      bits_(static_cast<unsigned>(width_) * 8),
      shift_(traits_of(element).shift) {}

unsigned DifferenceModel::context_of(std::uint64_t base) const {
  return shift_ ? static_cast<unsigned>(base >> *shift_) & (kContexts - 1) : last_;
}

// A tree of as many levels as the width needs; `length` is 1 to 64.
template <class Coder>
unsigned DifferenceModel::code_length(Coder& coder, unsigned context, unsigned length) {
  const unsigned levels = std::bit_width(bits_ - 1);
  AdaptiveBit* const tree = &length_[static_cast<std::size_t>(context) * kLengths];
  unsigned node = 1;
  for (unsigned level = levels; level-- > 0;)
    node = node * 2 + (coder.bit(tree[node], (((length - 1) >> level) & 1U) != 0) ? 1U : 0U);
  return node - (1U << levels) + 1;
}

// The two bits below the top one are not quite even; what is below those tells nothing.
template <class Coder>
std::uint64_t DifferenceModel::code_below_top(Coder& coder, unsigned length,
                                              std::uint64_t magnitude) {
  std::uint64_t result = 1;
  unsigned left = length - 1;
  for (unsigned level = 0, node = 0; level < 2 && left > 0; ++level) {
    AdaptiveBit& model = below_top_[(static_cast<std::size_t>(length) * 4) + node];
    const bool bit = coder.bit(model, ((magnitude >> --left) & 1U) != 0);
    result = result * 2 + (bit ? 1U : 0U);
    node = bit ? 2 : 1;
  }
  return left == 0 ? result : (result << left) | coder.plain(magnitude, left);
}

template <class Coder>
std::uint64_t DifferenceModel::code(Coder& coder, std::uint64_t base, std::uint64_t difference) {
  const unsigned context = context_of(base);
  AdaptiveBit& changed = changed_[static_cast<std::size_t>(context) * kHistories + history_];
  const bool is_changed = coder.bit(changed, difference != 0);
  history_ = ((history_ << 1U) | (is_changed ? 1U : 0U)) & (kHistories - 1);
  if (!is_changed) {
    last_ = 0;
    return 0;
  }
  const unsigned top = bits_ - 1;
  const std::uint64_t mask = bits_ == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits_) - 1;
  const bool falls = ((difference >> top) & 1U) != 0;
  const std::uint64_t magnitude = falls ? (~difference + 1) & mask : difference;
  const unsigned length =
      code_length(coder, context, std::max(1U, static_cast<unsigned>(std::bit_width(magnitude))));
  const auto base_sign = static_cast<std::size_t>((base >> top) & 1U);
  const bool negative = coder.bit(sign_[static_cast<std::size_t>(length) * 2 + base_sign], falls);
  const std::uint64_t value = code_below_top(coder, length, magnitude);
  last_ = length;
  return (negative ? ~value + 1 : value) & mask;
}

CodedDifferences DifferenceModel::encode(ByteView base, ByteView target) {
  CodedDifferences coded;
  Writing coder(coded);
  const std::uint64_t mask = bits_ == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits_) - 1;
  std::size_t at = 0;
  for (; at + width_ <= target.size(); at += width_) {
    const std::uint64_t before = load_number(&base[at], width_);
    code(coder, before, (load_number(&target[at], width_) - before) & mask);
  }
  for (; at < target.size(); ++at)
    coder.plain(target[at], 8);
  coder.finish();
  return coded;
}

Result<void> DifferenceModel::decode(ByteView adaptive, ByteView plain,
                                     std::span<std::uint8_t> octets) {
  Reading coder(adaptive, plain);
  std::size_t at = 0;
  for (; at + width_ <= octets.size(); at += width_) {
    const std::uint64_t before = load_number(&octets[at], width_);
    store_number(&octets[at], before + code(coder, before, 0), width_);
  }
  for (; at < octets.size(); ++at)
    octets[at] = static_cast<std::uint8_t>(coder.plain(0, 8));
  if (!coder.is_at_end())
    return refuse("DELTA-SYNTAX", "this is not a well-formed delta",
                  "a block of differences has another length than its content");
  return {};
}

DifferenceModel& DifferenceModels::of(Element element) {
  return models_.try_emplace(element, element).first->second;
}

}  // namespace vedette::release
