#include "release/tuf/canonical_json.h"

#include <algorithm>

namespace vedette::release::tuf {
namespace {

using codec::Json;

void write_string(std::string& out, std::string_view text) {
  out.push_back('"');
  for (const char character : text) {
    if (character == '"' || character == '\\') out.push_back('\\');
    out.push_back(character);
  }
  out.push_back('"');
}

Result<void> write(std::string& out, const Json& value);

Result<void> write_array(std::string& out, const Json::Array& elements) {
  out.push_back('[');
  for (const Json& element : elements) {
    if (&element != &elements.front()) out.push_back(',');
    VEDETTE_CHECK(write(out, element));
  }
  out.push_back(']');
  return {};
}

// The order of UTF-8's octets is that of the code points.
Result<void> write_object(std::string& out, const Json::Object& members) {
  std::vector<const Json::Object::value_type*> sorted;
  sorted.reserve(members.size());
  for (const auto& member : members)
    sorted.push_back(&member);
  std::ranges::sort(sorted, {}, [](const auto* member) -> const auto& { return member->first; });
  out.push_back('{');
  for (const auto* member : sorted) {
    if (member != sorted.front()) out.push_back(',');
    write_string(out, member->first);
    out.push_back(':');
    VEDETTE_CHECK(write(out, member->second));
  }
  out.push_back('}');
  return {};
}

Result<void> write(std::string& out, const Json& value) {
  if (const auto* members = value.if_object()) return write_object(out, *members);
  if (const auto* elements = value.if_array()) return write_array(out, *elements);
  if (value.if_double() != nullptr)
    return refuse("TUF-CANONICAL", "a number that is not an integer cannot be signed",
                  codec::to_json(value));
  if (const auto* text = value.if_string())
    write_string(out, *text);
  else if (const auto* number = value.if_integer())
    out += std::to_string(*number);
  else if (const auto* truth = value.if_bool())
    out += *truth ? "true" : "false";
  else
    out += "null";
  return {};
}

}  // namespace

Result<std::string> canonical_json(const Json& value) {
  std::string out;
  VEDETTE_CHECK(write(out, value));
  return out;
}

}  // namespace vedette::release::tuf
