#include "cli/output.h"

#include <algorithm>
#include <ostream>
#include <utility>

#include "cli/exit_code.h"
#include "codec/utf8.h"

namespace vedette::cli {

namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

// Columns that a terminal shows for UTF-8 text without wide characters.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

// Whose fault it was, in a word: the one that the exit code stands for.
std::string_view label_of(const Error& error) {
  switch (exit_code_of(error)) {
    case ExitCode::usage:
      return "mistake";
    case ExitCode::refused:
      return "refused";
    case ExitCode::unreachable:
      return "unreachable";
    case ExitCode::done:
    case ExitCode::failed:
      return "failed";
  }
  std::unreachable();
}

std::string cell(std::string_view text) {
  std::string shown = printable(text);
  std::ranges::replace(shown, '\n', ' ');
  return shown;
}

}  // namespace

std::string styled(std::string_view text, std::string_view style, bool on) {
  if (!on) return std::string(text);
  return "\033[" + std::string(style) + "m" + std::string(text) + "\033[0m";
}

std::string printable(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const std::size_t length = codec::utf8_length(text);
    const std::string_view character = text.substr(0, std::max<std::size_t>(length, 1));
    const bool fine = character == "\n" || (length > 0 && !codec::has_control_character(character));
    shown += fine ? character : kReplacement;
    text.remove_prefix(character.size());
  }
  return shown;
}

void Output::result(const codec::Json& value, const std::string& text) {
  if (is_json())
    out_ << codec::to_pretty_json(value) << '\n';
  else
    out_ << text;
  out_.flush();
  answered_ = true;
}

void Output::refusal(const Error& error) {
  if (is_json()) {
    if (answered_) return;
    codec::Json inner;
    inner.set("code", error.code).set("message", error.message);
    inner.set("cause", error.cause).set("hint", error.hint);
    codec::Json body;
    body.set("error", std::move(inner));
    result(body, {});
    return;
  }
  err_ << styled(label_of(error), "1;31", colour_) << "  " << printable(error.message) << "  ["
       << printable(error.code) << "]\n";
  if (!error.cause.empty()) err_ << "  cause  " << printable(error.cause) << '\n';
  if (!error.hint.empty()) err_ << "  hint   " << printable(error.hint) << '\n';
  err_.flush();
}

void Output::note(const std::string& line) {
  if (!is_json()) out_ << line << std::endl;
}

bool Output::flush() {
  out_.flush();
  return out_.good();
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::vector<std::string>> cells = rows;
  std::vector<std::size_t> widths;
  for (auto& row : cells)
    for (std::size_t i = 0; i < row.size(); ++i) {
      row[i] = cell(row[i]);
      if (widths.size() <= i) widths.push_back(0);
      widths[i] = std::max(widths[i], width_of(row[i]));
    }
  std::string text;
  for (const auto& row : cells) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      if (i + 1 < row.size()) line.append(widths[i] - width_of(row[i]) + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

}  // namespace vedette::cli
