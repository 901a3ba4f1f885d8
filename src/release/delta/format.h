// What a delta is made of. Internal to delta/; told in docs/delta.md. Integers are big-endian.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "release/delta/delta.h"
#include "release/delta/difference_coder.h"

namespace vedette::release {

inline constexpr std::string_view kDeltaMagic = "VDELTA1\n";
inline constexpr std::size_t kDeltaHeaderBytes = 8 + 2 * (32 + 8);
inline constexpr std::size_t kBlockHeadBytes = 9;
inline constexpr std::size_t kMaxBlockBytes = 1 << 20;

enum class BlockKind : std::uint8_t { end = 0, copy = 1, difference = 2, literal = 3 };
enum class Packing : std::uint8_t { none = 0, zstd = 1 };

struct Block {
  BlockKind kind = BlockKind::end;
  std::uint32_t length = 0;          // octets of the target; 0 for the end alone
  std::uint64_t base = 0;            // copy, difference
  Element element = Element::octet;  // difference
  Packing packing = Packing::none;   // literal
  std::uint32_t first = 0;           // octets that follow: adaptive ones, or the literal as packed
  std::uint32_t second = 0;          // plain ones
};

[[nodiscard]] Bytes encode_header(const DeltaHeader& header);
[[nodiscard]] Result<DeltaHeader> parse_header(ByteView octets);

// `number` counts the blocks from 0.
[[nodiscard]] Bytes encode_block_head(const Block& block, std::uint32_t number);

// The octets of a head behind its first nine, by the kind, which is the first of them.
[[nodiscard]] Result<std::size_t> block_tail_bytes(std::uint8_t kind);

// `octets`: all of the head. Refuses DELTA-SYNTAX, also by every bound that does not depend on the
// files: a block has its number, and stores no more than it yields.
[[nodiscard]] Result<Block> parse_block_head(ByteView octets, std::uint32_t number);

// A literal's octets, packed: at most as many as they are.
[[nodiscard]] Bytes zstd_pack(ByteView octets);
// Exactly `to.size()` octets out of one frame without anything behind it. Refuses DELTA-SYNTAX.
[[nodiscard]] Result<void> zstd_unpack(ByteView packed, std::span<std::uint8_t> to);

}  // namespace vedette::release
