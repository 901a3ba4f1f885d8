// Octets that are like nothing in the base, by zstd (RFC 8878).
#include <memory>
#include <new>
#include <string>

#include <zstd.h>

#include "release/delta/format.h"

namespace vedette::release {
namespace {

constexpr int kLevel = 12;
constexpr int kWindowLog = 20;  // a frame is at most a block

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

std::unexpected<Error> not_a_frame(std::string cause) {
  return refuse("DELTA-SYNTAX", "this is not a well-formed delta", std::move(cause));
}

}  // namespace

Bytes zstd_pack(ByteView octets) {
  const std::unique_ptr<ZSTD_CCtx, FreeContext> context(ZSTD_createCCtx());
  if (context == nullptr) throw std::bad_alloc();
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, kLevel);
  ZSTD_CCtx_setParameter(context.get(), ZSTD_c_windowLog, kWindowLog);
  Bytes packed(ZSTD_compressBound(octets.size()));
  const std::size_t size =
      ZSTD_compress2(context.get(), packed.data(), packed.size(), octets.data(), octets.size());
  if (ZSTD_isError(size) != 0) throw std::bad_alloc();  // it has no other reason
  packed.resize(size);
  return packed;
}

Result<void> zstd_unpack(ByteView packed, std::span<std::uint8_t> to) {
  const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  if (context == nullptr) throw std::bad_alloc();
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, kWindowLog);
  const std::size_t frame = ZSTD_findFrameCompressedSize(packed.data(), packed.size());
  if (ZSTD_isError(frame) != 0 || frame != packed.size())
    return not_a_frame("a literal is not exactly one zstd frame");
  const std::size_t size =
      ZSTD_decompressDCtx(context.get(), to.data(), to.size(), packed.data(), packed.size());
  if (ZSTD_isError(size) != 0) return not_a_frame(std::string("zstd: ") + ZSTD_getErrorName(size));
  if (size != to.size()) return not_a_frame("a literal yields another length than it says");
  return {};
}

}  // namespace vedette::release
