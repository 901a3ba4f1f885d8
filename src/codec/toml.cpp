#include "codec/toml.h"

#include <algorithm>
#include <cmath>

#include <toml++/toml.h>

namespace vedette::codec {
namespace {

constexpr std::size_t kMaxBytes = 1 << 20;
constexpr std::size_t kMaxDepth = 32;
constexpr std::size_t kMaxDots = 8;  // in one name

std::unexpected<Error> refuse_toml(std::string why, const toml::source_position& at) {
  return refuse("TOML-SYNTAX", "not a valid configuration file",
                "line " + std::to_string(at.line) + ", column " + std::to_string(at.column) + ": " +
                    std::move(why));
}

// The library limits the nesting of values, not the parts of a name, and destroys its tables by
// recursion: `a.a.a...` in a long line would overflow the stack before we see anything. So this
// looks for such a name first. It skips strings and comments as TOML does; where the text stops
// being TOML, the library stops too, so that they never disagree about what is a name.
class NameScan {
 public:
  explicit NameScan(std::string_view text) : rest_(text) {}

  // The line with a name of more than kMaxDots dots, or 0.
  [[nodiscard]] std::size_t find_long_name();

 private:
  void skip_string(char quote);
  void skip_comment() { advance(std::min(rest_.find('\n'), rest_.size())); }
  void advance(std::size_t count);

  std::string_view rest_;
  std::size_t line_ = 1;
};

void NameScan::advance(std::size_t count) {
  for (const char c : rest_.substr(0, count))
    if (c == '\n') ++line_;
  rest_.remove_prefix(count);
}

void NameScan::skip_string(char quote) {
  const std::string triple(3, quote);
  const bool multi_line = rest_.starts_with(triple);
  const std::string_view end = std::string_view(triple).substr(0, multi_line ? 3 : 1);
  advance(end.size());
  while (!rest_.empty() && !rest_.starts_with(end)) {
    if (!multi_line && rest_.front() == '\n') return;
    const bool escaped = quote == '"' && rest_.front() == '\\' && rest_.size() > 1;
    advance(escaped ? 2 : 1);
  }
  advance(std::min(end.size(), rest_.size()));
  // Up to two more quotes may belong to a multi-line string's content.
  for (int i = 0; multi_line && i < 2 && rest_.starts_with(quote); ++i)
    advance(1);
}

std::size_t NameScan::find_long_name() {
  constexpr std::string_view kEndsName = "=,[]{}\n";
  std::size_t dots = 0;
  while (!rest_.empty()) {
    const char next = rest_.front();
    if (next == '"' || next == '\'') {
      skip_string(next);
      continue;
    }
    if (next == '#') {
      skip_comment();
      continue;
    }
    if (kEndsName.contains(next)) dots = 0;
    if (next == '.' && ++dots > kMaxDots) return line_;
    advance(1);
  }
  return 0;
}

Result<Json> convert(const toml::node& node, std::size_t depth);

Result<Json> convert_table(const toml::table& table, std::size_t depth) {
  Json::Object members;
  for (const auto& [key, node] : table) {
    VEDETTE_TRY(Json value, convert(node, depth + 1));
    members.emplace_back(std::string(key.str()), std::move(value));
  }
  return Json(std::move(members));
}

Result<Json> convert_array(const toml::array& array, std::size_t depth) {
  Json::Array elements;
  for (const toml::node& node : array) {
    VEDETTE_TRY(Json value, convert(node, depth + 1));
    elements.push_back(std::move(value));
  }
  return Json(std::move(elements));
}

Result<Json> convert(const toml::node& node, std::size_t depth) {
  if (depth > kMaxDepth) return refuse_toml("nested too deeply", node.source().begin);
  if (const auto* table = node.as_table()) return convert_table(*table, depth);
  if (const auto* array = node.as_array()) return convert_array(*array, depth);
  if (const auto* text = node.as_string()) return Json(text->get());
  if (const auto* integer = node.as_integer()) return Json(integer->get());
  if (const auto* boolean = node.as_boolean()) return Json(boolean->get());
  const auto* number = node.as_floating_point();
  if (number == nullptr) return refuse_toml("dates and times are not used", node.source().begin);
  if (!std::isfinite(number->get()))
    return refuse_toml("the number is not finite", node.source().begin);
  return Json(number->get());
}

}  // namespace

Result<Json> parse_toml(std::string_view text) {
  if (text.size() > kMaxBytes)
    return refuse("TOML-SIZE", "the configuration file is too long",
                  std::to_string(text.size()) + " octets, at most " + std::to_string(kMaxBytes) +
                      " are allowed");
  if (const std::size_t line = NameScan(text).find_long_name(); line != 0)
    return refuse("TOML-SYNTAX", "not a valid configuration file",
                  "line " + std::to_string(line) + ": a name with too many dots");
  try {
    return convert(toml::parse(text), 0);
  } catch (const toml::parse_error& error) {  // the library's way to refuse
    return refuse_toml(std::string(error.description()), error.source().begin);
  }
}

}  // namespace vedette::codec
