// The first octet says where the base ends; the rest is a delta. One for that base and of any
// target is applied within its bounds; and of any two parts of the octets a delta can be made that
// yields the second of the first.
#include <algorithm>
#include <cstdlib>

#include "release/delta/delta.h"
#include "release/delta/format.h"

namespace {

using namespace vedette;
using namespace vedette::release;

void apply(ByteView base, Bytes delta) {
  const auto stated = read_delta_header(MemorySource(delta));
  if (!stated) return;
  FileIdentity wanted = stated->target;
  // Otherwise no input would come past the base's digest.
  const Bytes header = encode_header({{crypto::sha256(base), base.size()}, wanted});
  std::ranges::copy(header, delta.begin());
  std::uint64_t written = 0;
  Bytes target;
  const auto applied = apply_delta(MemorySource(base), MemorySource(delta), wanted,
                                   [&](ByteView piece) -> Result<void> {
                                     written += piece.size();
                                     if (written > wanted.size) std::abort();
                                     if (written < (1U << 20U)) append(target, piece);
                                     if (written > (64U << 20U))
                                       return refuse("FUZZ-ENOUGH", "enough");
                                     return {};
                                   });
  if (applied && written < (1U << 20U) && crypto::sha256(target) != wanted.sha256) std::abort();
}

void make(ByteView base, ByteView target) {
  if (target.empty()) return;
  Bytes delta;
  const auto keep = [](Bytes& to) {
    return [&to](ByteView piece) -> Result<void> {
      append(to, piece);
      return {};
    };
  };
  if (!make_delta(base, target, keep(delta))) std::abort();
  Bytes again;
  if (!apply_delta(MemorySource(base), MemorySource(delta), {crypto::sha256(target), target.size()},
                   keep(again)) ||
      !equal(again, target))
    std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteView octets(data + 1, size - 1);
  const std::size_t base = std::min<std::size_t>(std::size_t{data[0]} * 8, octets.size());
  apply(octets.first(base), to_bytes(octets.subspan(base)));
  make(octets.first(base), octets.subspan(base));
  return 0;
}
