// The name of a key, whatever it is, says which module, token and key, and never a PIN.
#include <cstdlib>

#include "platform/pkcs11/uri.h"

namespace {

using namespace vedette::platform::pkcs11;

bool is_path(const std::string& path) {
  return path.starts_with('/') && path.find('\0') == std::string::npos;
}

bool is_label(const std::optional<std::string>& label) {
  return !label || (!label->empty() && label->size() <= 255);
}

bool is_sound(const Pkcs11Uri& uri) {
  const bool labels = is_label(uri.token) && is_label(uri.manufacturer) && is_label(uri.model) &&
                      is_label(uri.serial) && is_label(uri.object);
  return is_path(uri.module_path) && (uri.pin_source.empty() || is_path(uri.pin_source)) &&
         (uri.token || uri.serial) && (uri.object || uri.id) && labels &&
         (!uri.id || (!uri.id->empty() && uri.id->size() <= 255));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = vedette::as_text(vedette::ByteView(data, size));
  const auto uri = parse_uri(text);
  if (!uri) return 0;
  const auto query = text.find('?');
  const bool holds_a_pin = query != std::string_view::npos &&
                           (text.find("?pin-value=", query) != std::string_view::npos ||
                            text.find("&pin-value=", query) != std::string_view::npos);
  if (!is_sound(*uri) || holds_a_pin) std::abort();
  return 0;
}
