#include "codec/reader.h"

namespace vedette::codec {

std::unexpected<Error> ByteReader::refuse_field(std::string_view field,
                                                std::string_view why) const {
  std::string cause(field);
  cause.append(": ").append(why).append(", before octet ").append(std::to_string(offset_));
  return refuse(code_, std::string(message_), std::move(cause));
}

Result<ByteView> ByteReader::take(std::string_view field, std::size_t count) {
  if (count > remaining())
    return refuse_field(field, "needs " + std::to_string(count) + " octets, " +
                                   std::to_string(remaining()) + " are left");
  const ByteView taken = bytes_.subspan(offset_, count);
  offset_ += count;
  return taken;
}

Result<std::uint64_t> ByteReader::integer(std::string_view field, std::size_t octets) {
  VEDETTE_TRY(const ByteView taken, take(field, octets));
  std::uint64_t value = 0;
  for (const std::uint8_t octet : taken)
    value = (value << 8U) | octet;
  return value;
}

Result<std::uint8_t> ByteReader::u8(std::string_view field) {
  VEDETTE_TRY(const std::uint64_t value, integer(field, 1));
  return static_cast<std::uint8_t>(value);
}

Result<std::uint16_t> ByteReader::u16(std::string_view field) {
  VEDETTE_TRY(const std::uint64_t value, integer(field, 2));
  return static_cast<std::uint16_t>(value);
}

Result<std::uint32_t> ByteReader::u32(std::string_view field) {
  VEDETTE_TRY(const std::uint64_t value, integer(field, 4));
  return static_cast<std::uint32_t>(value);
}

Result<std::uint64_t> ByteReader::u64(std::string_view field) {
  return integer(field, 8);
}

Result<ByteView> ByteReader::sized16(std::string_view field, std::size_t max_count) {
  const std::size_t start = offset_;
  VEDETTE_TRY(const std::uint16_t count, u16(field));
  if (count > max_count || count > remaining()) {
    const std::size_t left = remaining();
    offset_ = start;
    return refuse_field(field, "says " + std::to_string(count) + " octets, at most " +
                                   std::to_string(max_count) + " are allowed and " +
                                   std::to_string(left) + " are left");
  }
  return take(field, count);
}

Result<void> ByteReader::finish() const {
  if (remaining() != 0)
    return refuse_field("end", std::to_string(remaining()) + " octets too many");
  return {};
}

}  // namespace vedette::codec
