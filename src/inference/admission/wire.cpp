#include "inference/admission/wire.h"

namespace vedette::inference::admission {
namespace {

constexpr std::uint64_t kMaxFieldNumber = (1U << 29U) - 1;
constexpr unsigned kMaxVarintOctets = 10;

}  // namespace

std::unexpected<Error> WireReader::refuse_here(std::string_view why) const {
  std::string cause(message_);
  cause.append(": ").append(why).append(", at octet ").append(std::to_string(offset_));
  return refuse("ADM-SYNTAX", "the model is not a well-formed ONNX file", std::move(cause),
                "export the model again; it may be cut short, or made to be read in two ways");
}

Result<std::uint64_t> WireReader::varint() {
  std::uint64_t value = 0;
  for (unsigned i = 0; i < kMaxVarintOctets; ++i) {
    if (done()) return refuse_here("a number is cut short");
    const std::uint64_t octet = bytes_[offset_++];
    if (i + 1 == kMaxVarintOctets && octet > 1) return refuse_here("a number has over 64 bits");
    value |= (octet & 0x7FU) << (7 * i);
    if (octet >= 0x80) continue;
    if (octet == 0 && i != 0) return refuse_here("a number is longer than it needs to be");
    return value;
  }
  return refuse_here("a number does not end");
}

Result<ByteView> WireReader::take(std::uint64_t count) {
  const std::size_t left = bytes_.size() - offset_;
  if (count > left)
    return refuse_here("needs " + std::to_string(count) + " octets, has " + std::to_string(left));
  const ByteView taken = bytes_.subspan(offset_, static_cast<std::size_t>(count));
  offset_ += taken.size();
  return taken;
}

Result<WireField> WireReader::field() {
  VEDETTE_TRY(const std::uint64_t key, varint());
  const std::uint64_t number = key >> 3U;
  if (number == 0 || number > kMaxFieldNumber) return refuse_here("a field's number is impossible");
  WireField field{static_cast<std::uint32_t>(number), WireType::varint, 0, {}};
  switch (key & 7U) {
    case 0: {
      VEDETTE_TRY(field.value, varint());
      return field;
    }
    case 1: {
      field.type = WireType::fixed64;
      VEDETTE_TRY(field.bytes, take(8));
      return field;
    }
    case 2: {
      field.type = WireType::octets;
      VEDETTE_TRY(const std::uint64_t count, varint());
      VEDETTE_TRY(field.bytes, take(count));
      return field;
    }
    case 5: {
      field.type = WireType::fixed32;
      VEDETTE_TRY(field.bytes, take(4));
      return field;
    }
    default:
      return refuse_here("a group or an unknown wire type");
  }
}

}  // namespace vedette::inference::admission
