#include "crypto/der.h"

#include "crypto/openssl_handles.h"

namespace vedette::crypto {
namespace {

constexpr int kMaxDepth = 32;
constexpr int kUnreadable = 0x80;
constexpr int kIndefinite = 0x01;

struct Element {
  ByteView content;
  bool constructed = false;
  std::size_t size = 0;  // header and content; 0: not DER
};

Element first_element(ByteView bytes) {
  const unsigned char* content = bytes.data();
  long length = 0;
  int tag = 0;
  int tag_class = 0;
  const int form =
      ASN1_get_object(&content, &length, &tag, &tag_class, static_cast<long>(bytes.size()));
  if ((form & (kUnreadable | kIndefinite)) != 0) return {};
  const auto header = static_cast<std::size_t>(content - bytes.data());
  const std::size_t size = header + static_cast<std::size_t>(length);
  const bool constructed = (form & V_ASN1_CONSTRUCTED) != 0;
  const int minimal = ASN1_object_size(constructed ? 1 : 0, static_cast<int>(length), tag);
  if (minimal < 0 || static_cast<std::size_t>(minimal) != size) return {};
  return {.content = {content, static_cast<std::size_t>(length)},
          .constructed = constructed,
          .size = size};
}

bool are_elements(ByteView bytes, int depth) {
  while (!bytes.empty()) {
    const Element element = first_element(bytes);
    if (element.size == 0 || depth > kMaxDepth) return false;
    if (element.constructed && !are_elements(element.content, depth + 1)) return false;
    bytes = bytes.subspan(element.size);
  }
  return true;
}

}  // namespace

bool is_der(ByteView bytes) {
  const ErrorQueueScope errors;
  return !bytes.empty() && first_element(bytes).size == bytes.size() && are_elements(bytes, 0);
}

}  // namespace vedette::crypto
