// Answers as a hostile server sends them, in one piece and in two.
#include "platform/net/beast/response_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto input = vedette::ByteView(data, size).subspan(1);
  const auto cut = data[0] % (input.size() + 1);
  vedette::platform::net::ResponseReader reader;
  vedette::Bytes body;
  const auto first = reader.feed(input.first(cut), body);
  if (!first || *first) return 0;
  const auto second = reader.feed(input.subspan(cut), body);
  if (second && *second) static_cast<void>(reader.head());
  return 0;
}
