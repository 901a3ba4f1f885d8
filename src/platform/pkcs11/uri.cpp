#include "platform/pkcs11/uri.h"

#include <map>
#include <vector>

namespace vedette::platform::pkcs11 {

namespace {

constexpr std::string_view kScheme = "pkcs11:";
constexpr std::size_t kMaxUri = 2048;
constexpr std::size_t kMaxLabel = 255;
constexpr std::size_t kMaxPath = 1024;
constexpr const char* kExample =
    "pkcs11:token=ca;object=issuing?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=/run/"
    "pin";

using Attributes = std::map<std::string, std::string, std::less<>>;

std::unexpected<Error> malformed(std::string cause) {
  return refuse("PKCS11-URI", "this does not name a key in a token", std::move(cause), kExample);
}

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

// RFC 7512, 2.3: unreserved, or one of these as it is; `&` belongs to paths and `/?|` to queries.
bool stands_for_itself(char c, bool in_query) {
  const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  if (letter || std::string_view("-._~:[]@!$'()*+,=").find(c) != std::string_view::npos)
    return true;
  return std::string_view(in_query ? "/?|" : "&").find(c) != std::string_view::npos;
}

Result<std::string> decode_value(std::string_view text, bool in_query) {
  std::string value;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      if (!stands_for_itself(text[i], in_query)) return malformed("a character must be encoded");
      value += text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) return malformed("a percent sign without two hexadecimal digits");
    value += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return value;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

Result<void> read_attributes(std::string_view text, bool in_query, Attributes& attributes) {
  for (const std::string_view part : split(text, in_query ? '&' : ';')) {
    const auto equals = part.find('=');
    if (equals == std::string_view::npos || equals == 0)
      return malformed("an attribute is not name=value");
    const std::string name(part.substr(0, equals));
    if (in_query && name == "pin-value")
      return refuse("PKCS11-PIN", "a PIN must not stand in the name of a key", "pin-value",
                    "write it into a file of mode 0400 and name that: pin-source=/run/pin");
    VEDETTE_TRY(std::string value, decode_value(part.substr(equals + 1), in_query));
    if (!attributes.emplace((in_query ? "?" : "") + name, std::move(value)).second)
      return malformed("it says '" + name + "' twice");
  }
  return {};
}

std::optional<std::string> take(Attributes& attributes, std::string_view name) {
  const auto found = attributes.find(name);
  if (found == attributes.end()) return std::nullopt;
  std::string value = std::move(found->second);
  attributes.erase(found);
  return value;
}

bool is_absolute_path(const std::string& path) {
  return path.starts_with('/') && path.size() <= kMaxPath && path.find('\0') == std::string::npos;
}

Result<void> check(const Pkcs11Uri& uri) {
  if (!is_absolute_path(uri.module_path)) return malformed("module-path must be an absolute path");
  if (!uri.pin_source.empty() && !is_absolute_path(uri.pin_source))
    return malformed("pin-source must be the absolute path of a file");
  if (!uri.token && !uri.serial) return malformed("neither token nor serial says which token");
  if (!uri.object && !uri.id) return malformed("neither object nor id says which key");
  if (uri.id && (uri.id->empty() || uri.id->size() > kMaxLabel))
    return malformed("id must have 1 to 255 octets");
  for (const auto* label : {&uri.token, &uri.manufacturer, &uri.model, &uri.serial, &uri.object})
    if (*label && ((*label)->empty() || (*label)->size() > kMaxLabel))
      return malformed("a label must have 1 to 255 octets");
  return {};
}

}  // namespace

Result<Pkcs11Uri> parse_uri(std::string_view text) {
  if (text.size() > kMaxUri) return malformed("it is longer than 2048 octets");
  if (!text.starts_with(kScheme)) return malformed("it does not begin with pkcs11:");
  text.remove_prefix(kScheme.size());
  const auto query = text.find('?');
  Attributes attributes;
  if (query != std::string_view::npos)
    VEDETTE_CHECK(read_attributes(text.substr(query + 1), true, attributes));
  VEDETTE_CHECK(read_attributes(text.substr(0, query), false, attributes));
  Pkcs11Uri uri;
  uri.module_path = take(attributes, "?module-path").value_or("");
  uri.pin_source = take(attributes, "?pin-source").value_or("");
  if (uri.pin_source.starts_with("file:")) uri.pin_source.erase(0, 5);
  if (uri.pin_source.starts_with("//")) uri.pin_source.erase(0, 2);  // file:///run/pin
  uri.token = take(attributes, "token");
  uri.manufacturer = take(attributes, "manufacturer");
  uri.model = take(attributes, "model");
  uri.serial = take(attributes, "serial");
  uri.object = take(attributes, "object");
  if (const auto id = take(attributes, "id")) uri.id = to_bytes(*id);
  if (take(attributes, "type").value_or("private") != "private")
    return malformed("its type is not private");
  if (!attributes.empty())
    return malformed("it says '" + attributes.begin()->first.substr(0, 64) +
                     "', which is not understood here");
  VEDETTE_CHECK(check(uri));
  return uri;
}

}  // namespace vedette::platform::pkcs11
