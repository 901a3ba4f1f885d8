// UTF-8: where well-formed text ends and hostile octets begin.
#pragma once

#include <cstddef>
#include <string_view>

namespace vedette::codec {

// Octets of the well-formed UTF-8 sequence at the start of `text` (Unicode, table 3-7), 0 if none:
// overlong forms, surrogates and what lies beyond U+10FFFF are not well-formed.
[[nodiscard]] std::size_t utf8_length(std::string_view text);

[[nodiscard]] bool is_utf8(std::string_view text);

// C0, DEL or C1 (U+0080 to U+009F); `text` is UTF-8.
[[nodiscard]] bool has_control_character(std::string_view text);

}  // namespace vedette::codec
