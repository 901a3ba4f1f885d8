// Text that can be written, read and compared without doubt.
#pragma once

#include <cstddef>
#include <string_view>

namespace vedette {

inline constexpr std::size_t kMaxVisibleText = 255;

// Visible ASCII but the double quote, which ends a text in a policy.
[[nodiscard]] constexpr bool is_visible(char character) {
  return character > ' ' && character <= '~' && character != '"';
}

// The one grammar of names that somebody else chose, such as a relying party's own name in an
// access token: 1 to kMaxVisibleText such characters. What a token may name, a policy can name.
[[nodiscard]] constexpr bool is_visible_text(std::string_view text) {
  if (text.empty() || text.size() > kMaxVisibleText) return false;
  for (const char character : text)
    if (!is_visible(character)) return false;
  return true;
}

}  // namespace vedette
