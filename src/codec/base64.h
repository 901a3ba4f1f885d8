// Base64 (RFC 4648), strict: one text for one byte string.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"

namespace vedette::codec {

// Section 4, with padding.
[[nodiscard]] std::string to_base64(ByteView bytes);
// Section 5 (URL and file name safe), without padding.
[[nodiscard]] std::string to_base64url(ByteView bytes);

// Refuse BASE64-SYNTAX: wrong alphabet, white space, missing or superfluous padding, and non-zero
// bits behind the last octet.
[[nodiscard]] Result<Bytes> from_base64(std::string_view text);
[[nodiscard]] Result<Bytes> from_base64url(std::string_view text);

// For EST bodies (RFC 8951): the same as from_base64, after CR and LF are taken out.
[[nodiscard]] Result<Bytes> from_base64_lines(std::string_view text);

// Hexadecimal of either case; refuses HEX-SYNTAX.
[[nodiscard]] Result<Bytes> from_hex(std::string_view text);

}  // namespace vedette::codec
