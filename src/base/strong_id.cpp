#include "base/strong_id.h"

#include <algorithm>

namespace vedette {

bool is_name(std::string_view text) {
  constexpr std::size_t kMaxLength = 63;
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  const auto inner = [&](char c) { return alphanumeric(c) || c == '-' || c == '_' || c == '.'; };
  if (text.empty() || text.size() > kMaxLength) return false;
  return alphanumeric(text.front()) && alphanumeric(text.back()) &&
         std::ranges::all_of(text, inner);
}

}  // namespace vedette
