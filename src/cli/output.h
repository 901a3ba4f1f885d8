// Output: the same news for a person and for a program.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "codec/json.h"

namespace vedette::cli {

enum class Format { text, json };

// Writes results to standard output and refusals to standard error; under Format::json standard
// output holds one JSON document and nothing else, a refusal included.
class Output {
 public:
  // `colour` only where `out` is a terminal.
  Output(Format format, std::ostream& out, std::ostream& err, bool colour)
      : format_(format), out_(out), err_(err), colour_(colour) {}

  [[nodiscard]] bool is_json() const { return format_ == Format::json; }
  [[nodiscard]] bool colour() const { return colour_; }

  // `value` as JSON, or `text` (lines, newline at the end) for a person.
  void result(const codec::Json& value, const std::string& text);
  // Under Format::json nothing when a result was told already: that one document says what failed.
  void refusal(const Error& error);
  // A line for a person while work goes on; nothing under Format::json.
  void note(const std::string& line);
  // False when anything that was written did not arrive.
  [[nodiscard]] bool flush();

 private:
  Format format_;
  std::ostream& out_;
  std::ostream& err_;
  bool colour_;
  bool answered_ = false;
};

// `text` with every control character but line feeds replaced by U+FFFD, and whatever is not UTF-8
// too: what a server, a device or a bundle says must not steer a terminal.
[[nodiscard]] std::string printable(std::string_view text);

// Columns aligned by spaces, a header first; two spaces between them, none behind the last. Cells
// are made printable, and line feeds in them become spaces.
[[nodiscard]] std::string table(const std::vector<std::vector<std::string>>& rows);

// `text` in an ANSI style (e.g. "1;32") when `on`.
[[nodiscard]] std::string styled(std::string_view text, std::string_view style, bool on);

}  // namespace vedette::cli
