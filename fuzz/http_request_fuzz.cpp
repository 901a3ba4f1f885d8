// Requests as a hostile client sends them, in one piece and in two.
#include "platform/net/beast/request_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using vedette::platform::net::RequestReader;
  if (size == 0) return 0;
  const auto input = vedette::ByteView(data, size).subspan(1);
  const auto cut = data[0] % (input.size() + 1);
  RequestReader reader(4096);
  for (const auto piece : {input.first(cut), input.subspan(cut), input.first(0)}) {
    auto state = reader.feed(piece);
    while (state && *state == RequestReader::State::complete) {
      static_cast<void>(reader.take());
      state = reader.feed({});
    }
    if (!state) break;
  }
  return 0;
}
