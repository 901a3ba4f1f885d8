// Every text that is accepted is the one text of its bytes.
#include <cstdlib>

#include "codec/base64.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette;
  const std::string_view text = as_text(ByteView(data, size));
  const auto padded = codec::from_base64(text);
  if (padded.has_value() && codec::to_base64(*padded) != text) std::abort();
  const auto unpadded = codec::from_base64url(text);
  if (unpadded.has_value() && codec::to_base64url(*unpadded) != text) std::abort();
  if (codec::from_base64(codec::to_base64(ByteView(data, size))) != to_bytes(text)) std::abort();
  if (padded.has_value() && codec::from_base64_lines(text) != padded) std::abort();
  const auto hex = codec::from_hex(text);
  if (hex.has_value() && to_hex(*hex).size() != text.size()) std::abort();
  return 0;
}
