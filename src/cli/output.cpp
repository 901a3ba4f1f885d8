#include "cli/output.h"

#include <algorithm>
#include <ostream>

namespace vedette::cli {

namespace {

// Columns that a terminal shows for UTF-8 text without wide characters.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

}  // namespace

std::string styled(std::string_view text, std::string_view style, bool on) {
  if (!on) return std::string(text);
  return "\033[" + std::string(style) + "m" + std::string(text) + "\033[0m";
}

void Output::result(const codec::Json& value, const std::string& text) {
  if (is_json())
    out_ << codec::to_pretty_json(value) << '\n';
  else
    out_ << text;
  out_.flush();
}

void Output::refusal(const Error& error) {
  if (is_json()) {
    codec::Json inner;
    inner.set("code", error.code).set("message", error.message);
    inner.set("cause", error.cause).set("hint", error.hint);
    codec::Json body;
    body.set("error", std::move(inner));
    out_ << codec::to_pretty_json(body) << '\n';
    return;
  }
  err_ << styled("refused", "1;31", colour_) << "  " << error.message << "  [" << error.code
       << "]\n";
  if (!error.cause.empty()) err_ << "  cause  " << error.cause << '\n';
  if (!error.hint.empty()) err_ << "  hint   " << error.hint << '\n';
}

void Output::note(const std::string& line) {
  if (!is_json()) out_ << line << std::endl;
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (widths.size() <= i) widths.push_back(0);
      widths[i] = std::max(widths[i], width_of(row[i]));
    }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - width_of(row[i]) + 2, ' ');
    }
    text += line + '\n';
  }
  return text;
}

}  // namespace vedette::cli
