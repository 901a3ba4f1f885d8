#include "release/tuf/target_name.h"

#include <algorithm>

#include "release/tuf/limits.h"

namespace vedette::release::tuf {
namespace {

constexpr std::size_t kMaxFileName = 240;  // 255, less a suffix of ours

bool is_unreserved(char character) {
  return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
         (character >= '0' && character <= '9') || character == '-' || character == '.' ||
         character == '_' || character == '~';
}

void write_escaped(std::string& out, char character) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  const auto value = static_cast<unsigned char>(character);
  out.push_back('%');
  out.push_back(kHex[value >> 4U]);
  out.push_back(kHex[value & 0x0FU]);
}

std::string escape(std::string_view name, bool keep_slash) {
  std::string out;
  for (const char character : name) {
    if (is_unreserved(character) || (keep_slash && character == '/'))
      out.push_back(character);
    else
      write_escaped(out, character);
  }
  return out;
}

bool has_bad_segment(std::string_view name) {
  for (;;) {
    const std::size_t end = name.find('/');
    const std::string_view segment = name.substr(0, end);
    if (segment.empty() || segment == "." || segment == "..") return true;
    if (end == std::string_view::npos) return false;
    name.remove_prefix(end + 1);
  }
}

bool is_bad_character(char character) {
  const auto value = static_cast<unsigned char>(character);
  return value < 0x20 || value == 0x7F || character == '\\';
}

}  // namespace

Result<void> check_target_name(std::string_view name) {
  if (name.size() <= kMaxNameOctets && !has_bad_segment(name) &&
      std::ranges::none_of(name, is_bad_character))
    return {};
  return refuse("TUF-TARGET-NAME", "this cannot be the name of a target",
                escape(name.substr(0, 80), true),
                "a target's name is a relative path without '.', '..' and '\\'");
}

std::string url_segment(std::string_view name) {
  return escape(name, false);
}

std::string url_path(std::string_view name) {
  return escape(name, true);
}

Result<std::string> file_name(std::string_view name) {
  std::string out = escape(name, false);
  if (out.starts_with('.')) out.replace(0, 1, "%2E");
  if (!out.empty() && out.size() <= kMaxFileName) return out;
  return refuse("TUF-FILE-NAME", "a name does not fit a file's", out.substr(0, 80));
}

}  // namespace vedette::release::tuf
