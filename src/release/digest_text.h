// SHA-256 digests as text: 64 lower-case hexadecimal digits, and no other form.
#pragma once

#include <optional>
#include <string_view>

#include "crypto/digest.h"

namespace vedette::release {

// None for any other text, upper case included: one digest has one text.
[[nodiscard]] std::optional<crypto::Sha256Digest> parse_digest(std::string_view text);

}  // namespace vedette::release
