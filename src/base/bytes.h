// Bytes: owned and borrowed sequences of octets.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace vedette {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

// Views and copies between text and octets; no character set is assumed, nothing is validated.
[[nodiscard]] ByteView as_bytes(std::string_view text);
[[nodiscard]] std::string_view as_text(ByteView bytes);
[[nodiscard]] Bytes to_bytes(std::string_view text);
[[nodiscard]] Bytes to_bytes(ByteView bytes);

void append(Bytes& to, ByteView bytes);

// Not for secrets: stops at the first difference. See base/secret.h.
[[nodiscard]] bool equal(ByteView left, ByteView right);

// Lower-case hexadecimal, without separators.
[[nodiscard]] std::string to_hex(ByteView bytes);

}  // namespace vedette
