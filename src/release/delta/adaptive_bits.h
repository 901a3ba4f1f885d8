// Adaptive binary arithmetic coding: a bit costs what it tells. Internal to delta/.
//
// The carryless coder of lpaq (M. Mahoney, "Data Compression Explained", section 4.1.1): an
// interval of 32 bits that narrows to one part or the other with each bit; leading octets on which
// both ends agree are shifted out. Encoder and decoder move in lockstep, so a decoder reads four
// octets and then exactly one for each that the encoder shifted out.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace vedette::release {

// The chance that the next bit is set, by the bits before it: their mean at first, then one that
// forgets, with the weight of about 500 bits.
class AdaptiveBit {
 public:
  // Of 65536, and neither end: no bit is ever impossible.
  [[nodiscard]] std::uint32_t chance() const {
    const std::uint32_t chance = chance_ >> 16U;
    return chance == 0 ? 1 : chance;
  }

  void learn(bool bit) {
    const std::uint32_t weight = kWeights[seen_];
    if (bit) {
      chance_ += static_cast<std::uint32_t>((std::uint64_t{~chance_} * weight) >> 16U);
    } else {
      chance_ -= static_cast<std::uint32_t>((std::uint64_t{chance_} * weight) >> 16U);
    }
    if (seen_ + 1U < kWeights.size()) ++seen_;
  }

 private:
  static constexpr std::array<std::uint32_t, 512> kWeights = [] {
    std::array<std::uint32_t, 512> weights{};
    for (std::uint32_t i = 0; i < weights.size(); ++i)
      weights[i] = (65536U * 2U) / (i * 2U + 3U);
    return weights;
  }();

  std::uint32_t chance_ = 1U << 31U;
  std::uint32_t seen_ = 0;
};

// Where the code lies: encoder and decoder narrow it alike, bit by bit.
class CodeInterval {
 public:
  // The last value that stands for a bit that is set.
  [[nodiscard]] std::uint32_t middle(const AdaptiveBit& model) const {
    return low_ + static_cast<std::uint32_t>((std::uint64_t{high_ - low_} * model.chance()) >> 16U);
  }
  void narrow(std::uint32_t middle, bool bit) {
    if (bit) {
      high_ = middle;
    } else {
      low_ = middle + 1;
    }
  }
  // Whether its first octet is settled, which is then shifted out.
  [[nodiscard]] bool is_settled() const { return ((low_ ^ high_) >> 24U) == 0; }
  std::uint8_t shift() {
    const auto octet = static_cast<std::uint8_t>(high_ >> 24U);
    low_ <<= 8U;
    high_ = (high_ << 8U) | 0xFFU;
    return octet;
  }
  [[nodiscard]] std::uint32_t low() const { return low_; }

 private:
  std::uint32_t low_ = 0;
  std::uint32_t high_ = ~0U;
};

class BitEncoder {
 public:
  explicit BitEncoder(Bytes& out) : out_(out) {}

  void encode(AdaptiveBit& model, bool bit) {
    interval_.narrow(interval_.middle(model), bit);
    model.learn(bit);
    while (interval_.is_settled())
      out_.push_back(interval_.shift());
  }

  void finish() {
    for (int shift = 24; shift >= 0; shift -= 8)
      out_.push_back(static_cast<std::uint8_t>(interval_.low() >> static_cast<unsigned>(shift)));
  }

 private:
  Bytes& out_;
  CodeInterval interval_;
};

// Past the end of its octets it goes on with zeros; whoever decodes asks is_at_end() at the end.
class BitDecoder {
 public:
  explicit BitDecoder(ByteView in) : in_(in) {
    for (int i = 0; i < 4; ++i)
      code_ = (code_ << 8U) | next();
  }

  [[nodiscard]] bool decode(AdaptiveBit& model) {
    const std::uint32_t middle = interval_.middle(model);
    const bool bit = code_ <= middle;
    interval_.narrow(middle, bit);
    model.learn(bit);
    while (interval_.is_settled()) {
      (void)interval_.shift();
      code_ = (code_ << 8U) | next();
    }
    return bit;
  }

  // Were exactly the given octets read?
  [[nodiscard]] bool is_at_end() const { return used_ == in_.size(); }

 private:
  std::uint32_t next() {
    const std::size_t at = used_++;
    return at < in_.size() ? in_[at] : 0U;
  }

  ByteView in_;
  std::size_t used_ = 0;
  CodeInterval interval_;
  std::uint32_t code_ = 0;
};

// Bits that nothing can be told of beforehand, as they are: lowest first, the last octet filled up
// with zeros.
class PlainBitWriter {
 public:
  explicit PlainBitWriter(Bytes& out) : out_(out) {}

  void put(std::uint64_t value, unsigned count) {
    while (count > 0) {
      const unsigned now = count < 8 - used_ ? count : 8 - used_;
      pending_ |= static_cast<unsigned>(value & ((1U << now) - 1U)) << used_;
      value >>= now;
      count -= now;
      used_ += now;
      if (used_ == 8) finish();
    }
  }

  void finish() {
    if (used_ > 0) out_.push_back(static_cast<std::uint8_t>(pending_));
    pending_ = 0;
    used_ = 0;
  }

 private:
  Bytes& out_;
  unsigned pending_ = 0;
  unsigned used_ = 0;
};

class PlainBitReader {
 public:
  explicit PlainBitReader(ByteView in) : in_(in) {}

  [[nodiscard]] std::uint64_t take(unsigned count) {
    std::uint64_t value = 0;
    for (unsigned got = 0; got < count;) {
      const auto within = static_cast<unsigned>(at_ & 7U);
      const unsigned now = count - got < 8 - within ? count - got : 8 - within;
      const std::size_t octet = at_ >> 3U;
      const unsigned bits = octet < in_.size() ? in_[octet] >> within : 0U;
      value |= std::uint64_t{bits & ((1U << now) - 1U)} << got;
      got += now;
      at_ += now;
    }
    return value;
  }

  // Were exactly the given octets read, and is what fills the last one up zero?
  [[nodiscard]] bool is_at_end() const {
    const auto within = static_cast<unsigned>(at_ & 7U);
    if ((at_ + 7) >> 3U != in_.size()) return false;
    return within == 0 || (in_.back() >> within) == 0;
  }

 private:
  ByteView in_;
  std::uint64_t at_ = 0;  // bits
};

}  // namespace vedette::release
