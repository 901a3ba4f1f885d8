#include <array>
#include <charconv>
#include <cmath>

#include "codec/json.h"
#include "codec/utf8.h"

namespace vedette::codec {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

void write_escaped(std::string& out, char character) {
  constexpr std::string_view kHex = "0123456789abcdef";
  switch (character) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    case '\b':
      out += "\\b";
      return;
    case '\f':
      out += "\\f";
      return;
    default:
      break;
  }
  const auto value = static_cast<unsigned char>(character);
  if (value >= 0x20) {
    out.push_back(character);
    return;
  }
  out += "\\u00";
  out.push_back(kHex[value >> 4U]);
  out.push_back(kHex[value & 0x0FU]);
}

void write_string(std::string& out, std::string_view text) {
  out.push_back('"');
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 1)
      write_escaped(out, text.front());
    else
      out += length == 0 ? kReplacement : text.substr(0, length);
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out.push_back('"');
}

template <class Number>
std::string_view shortest(Number value, std::array<char, 32>& buffer) {
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), static_cast<std::size_t>(end - buffer.data())};
}

void write_double(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  std::array<char, 32> buffer{};
  const std::string_view digits = shortest(value, buffer);
  out += digits;
  // Without a mark it would be read back as an integer.
  if (digits.find_first_of(".e") == std::string_view::npos) out += ".0";
}

class Writer {
 public:
  explicit Writer(bool pretty) : pretty_(pretty) {}

  void write(const Json& value);
  [[nodiscard]] std::string take() && { return std::move(out_); }

 private:
  void write_array(const Json::Array& elements);
  void write_object(const Json::Object& members);
  void new_line();

  bool pretty_;
  std::size_t level_ = 0;
  std::string out_;
};

void Writer::new_line() {
  if (!pretty_) return;
  out_.push_back('\n');
  out_.append(2 * level_, ' ');
}

void Writer::write_array(const Json::Array& elements) {
  out_.push_back('[');
  ++level_;
  for (std::size_t i = 0; i < elements.size(); ++i) {
    if (i > 0) out_.push_back(',');
    new_line();
    write(elements[i]);
  }
  --level_;
  if (!elements.empty()) new_line();
  out_.push_back(']');
}

void Writer::write_object(const Json::Object& members) {
  out_.push_back('{');
  ++level_;
  for (std::size_t i = 0; i < members.size(); ++i) {
    if (i > 0) out_.push_back(',');
    new_line();
    write_string(out_, members[i].first);
    out_ += pretty_ ? ": " : ":";
    write(members[i].second);
  }
  --level_;
  if (!members.empty()) new_line();
  out_.push_back('}');
}

void Writer::write(const Json& value) {
  std::array<char, 32> buffer{};
  if (const bool* boolean = value.if_bool())
    out_ += *boolean ? "true" : "false";
  else if (const std::int64_t* integer = value.if_integer())
    out_ += shortest(*integer, buffer);
  else if (const double* number = value.if_double())
    write_double(out_, *number);
  else if (const std::string* text = value.if_string())
    write_string(out_, *text);
  else if (const Json::Array* elements = value.if_array())
    write_array(*elements);
  else if (const Json::Object* members = value.if_object())
    write_object(*members);
  else
    out_ += "null";
}

std::string written(const Json& value, bool pretty) {
  Writer writer(pretty);
  writer.write(value);
  return std::move(writer).take();
}

}  // namespace

std::string to_json(const Json& value) {
  return written(value, false);
}

std::string to_pretty_json(const Json& value) {
  return written(value, true);
}

}  // namespace vedette::codec
