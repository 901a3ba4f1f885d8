// What the reader accepts, the writer writes in as many octets, and in the order that the
// strict reader demands; where the keys were in order already, octet for octet the same.
#include <cstdlib>

#include "codec/cbor.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace vedette;
  const ByteView bytes(data, size);
  const auto value = codec::parse_cbor(bytes);
  if (!value.has_value()) return 0;
  const Bytes written = codec::to_cbor(*value);
  if (written.size() != size) std::abort();
  const bool ordered = codec::parse_cbor(bytes, {.ordered_keys = true}).has_value();
  if (ordered != equal(written, bytes)) std::abort();
  if (!codec::parse_cbor(written, {.ordered_keys = true}).has_value()) std::abort();
  return 0;
}
