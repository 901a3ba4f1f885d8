#include "codec/base64.h"

#include <array>
#include <cstdint>

namespace vedette::codec {
namespace {

constexpr std::string_view kStandard =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrlSafe =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::uint8_t kForeign = 0xFF;
using Values = std::array<std::uint8_t, 256>;

constexpr Values values_of(std::string_view alphabet) {
  Values values{};
  values.fill(kForeign);
  std::uint8_t next = 0;
  for (const char digit : alphabet)
    values[static_cast<std::uint8_t>(digit)] = next++;
  return values;
}

constexpr Values kStandardValues = values_of(kStandard);
constexpr Values kUrlSafeValues = values_of(kUrlSafe);

// Without padding.
std::string encode(ByteView bytes, std::string_view alphabet) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const std::uint8_t byte : bytes) {
    bits = (bits << 8U) | byte;
    for (count += 8; count >= 6; count -= 6)
      text.push_back(alphabet[(bits >> (count - 6)) & 0x3FU]);
  }
  if (count > 0) text.push_back(alphabet[(bits << (6 - count)) & 0x3FU]);
  return text;
}

std::unexpected<Error> refuse_base64(std::string cause) {
  return refuse("BASE64-SYNTAX", "not valid base64", std::move(cause));
}

std::unexpected<Error> refuse_foreign(std::string_view text, const Values& values) {
  std::size_t at = 0;
  while (at < text.size() && values[static_cast<std::uint8_t>(text[at])] != kForeign)
    ++at;
  return refuse_base64("a foreign character at " + std::to_string(at));
}

// `text` has no padding any more. Four digits at a time: logs of a whole boot come this way.
Result<Bytes> decode(std::string_view text, const Values& values) {
  if (text.size() % 4 == 1) return refuse_base64("a digit is missing or superfluous");
  Bytes bytes(text.size() / 4 * 3 + (text.size() % 4) * 3 / 4);
  const auto octet = [](std::uint32_t bits) { return static_cast<std::uint8_t>(bits & 0xFFU); };
  auto to = bytes.begin();
  std::uint32_t all = 0;  // of the digits so far: a foreign one has bits that none has
  std::string_view rest = text;
  for (; rest.size() >= 4; rest.remove_prefix(4)) {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      const std::uint32_t value = values[static_cast<std::uint8_t>(rest[i])];
      all |= value;
      bits = (bits << 6U) | value;
    }
    *to++ = octet(bits >> 16U);
    *to++ = octet(bits >> 8U);
    *to++ = octet(bits);
  }
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char digit : rest) {
    const std::uint32_t value = values[static_cast<std::uint8_t>(digit)];
    all |= value;
    bits = (bits << 6U) | value;
    count += 6;
  }
  if (all == kForeign) return refuse_foreign(text, values);
  for (; count >= 8; count -= 8)
    *to++ = octet(bits >> (count - 8));
  // RFC 4648, 3.5: otherwise several texts would stand for one byte string.
  if ((bits & ((1U << count) - 1U)) != 0) return refuse_base64("bits behind the last octet");
  return bytes;
}

std::uint8_t hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return static_cast<std::uint8_t>(digit - '0');
  if (digit >= 'a' && digit <= 'f') return static_cast<std::uint8_t>(digit - 'a' + 10);
  if (digit >= 'A' && digit <= 'F') return static_cast<std::uint8_t>(digit - 'A' + 10);
  return kForeign;
}

}  // namespace

std::string to_base64(ByteView bytes) {
  std::string text = encode(bytes, kStandard);
  text.append((4 - text.size() % 4) % 4, '=');
  return text;
}

std::string to_base64url(ByteView bytes) {
  return encode(bytes, kUrlSafe);
}

Result<Bytes> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return refuse_base64("the length is no multiple of four");
  // A third '=' is left to the decoder, which does not know it.
  for (int padding = 0; padding < 2 && text.ends_with('='); ++padding)
    text.remove_suffix(1);
  return decode(text, kStandardValues);
}

Result<Bytes> from_base64url(std::string_view text) {
  return decode(text, kUrlSafeValues);
}

Result<Bytes> from_base64_lines(std::string_view text) {
  std::string joined(text);
  std::erase_if(joined, [](char c) { return c == '\r' || c == '\n'; });
  return from_base64(joined);
}

Result<Bytes> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return refuse("HEX-SYNTAX", "not valid hexadecimal", "odd length");
  Bytes bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const std::uint8_t high = hex_value(text[i]);
    const std::uint8_t low = hex_value(text[i + 1]);
    if (high == kForeign || low == kForeign)
      return refuse("HEX-SYNTAX", "not valid hexadecimal",
                    "a foreign character at or behind " + std::to_string(i));
    bytes.push_back(static_cast<std::uint8_t>((high << 4U) | low));
  }
  return bytes;
}

}  // namespace vedette::codec
