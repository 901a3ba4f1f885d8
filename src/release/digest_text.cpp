#include "release/digest_text.h"

#include <algorithm>

#include "codec/base64.h"

namespace vedette::release {

std::optional<crypto::Sha256Digest> parse_digest(std::string_view text) {
  crypto::Sha256Digest digest{};
  if (text.size() != 2 * digest.size()) return std::nullopt;
  const auto bytes = codec::from_hex(text);
  if (!bytes || to_hex(*bytes) != text) return std::nullopt;
  std::ranges::copy(*bytes, digest.begin());
  return digest;
}

}  // namespace vedette::release
