#include "release/delta/format.h"

#include <algorithm>
#include <string>

#include "codec/reader.h"

namespace vedette::release {
namespace {

constexpr std::string_view kCode = "DELTA-SYNTAX";
constexpr std::string_view kMessage = "this is not a well-formed delta";

void put(Bytes& to, std::uint64_t value, unsigned octets) {
  while (octets-- > 0)
    to.push_back(static_cast<std::uint8_t>(value >> (8 * octets)));
}

void put(Bytes& to, const FileIdentity& file) {
  append(to, file.sha256);
  put(to, file.size, 8);
}

Result<FileIdentity> read_identity(codec::ByteReader& reader) {
  FileIdentity file;
  VEDETTE_TRY(const ByteView digest, reader.take("digest", file.sha256.size()));
  std::ranges::copy(digest, file.sha256.begin());
  VEDETTE_TRY(file.size, reader.u64("size"));
  return file;
}

Result<void> read_copy(codec::ByteReader& reader, Block& block) {
  VEDETTE_TRY(block.base, reader.u64("base offset"));
  return {};
}

Result<void> read_difference(codec::ByteReader& reader, Block& block) {
  VEDETTE_TRY(block.base, reader.u64("base offset"));
  VEDETTE_TRY(const std::uint8_t element, reader.u8("element"));
  const auto known = element_of(element);
  if (!known) return reader.refuse_field("element", "there is no such element");
  block.element = *known;
  VEDETTE_TRY(block.first, reader.u32("adaptive octets"));
  VEDETTE_TRY(block.second, reader.u32("plain octets"));
  return {};
}

Result<void> read_literal(codec::ByteReader& reader, Block& block) {
  VEDETTE_TRY(const std::uint8_t packing, reader.u8("packing"));
  if (packing > static_cast<std::uint8_t>(Packing::zstd))
    return reader.refuse_field("packing", "there is no such packing");
  block.packing = static_cast<Packing>(packing);
  VEDETTE_TRY(block.first, reader.u32("packed octets"));
  if (block.packing == Packing::none && block.first != block.length)
    return reader.refuse_field("packed octets", "not packed, and of another length");
  return {};
}

Result<void> read_tail(codec::ByteReader& reader, Block& block) {
  switch (block.kind) {
    case BlockKind::end:
      return {};
    case BlockKind::copy:
      return read_copy(reader, block);
    case BlockKind::difference:
      return read_difference(reader, block);
    case BlockKind::literal:
      return read_literal(reader, block);
  }
  return reader.refuse_field("kind", "there is no such kind of block");
}

Result<void> check_bounds(const codec::ByteReader& reader, const Block& block) {
  if ((block.length == 0) != (block.kind == BlockKind::end))
    return reader.refuse_field("length", "a block yields something, the end yields nothing");
  const bool stores = block.kind == BlockKind::difference || block.kind == BlockKind::literal;
  if (stores && block.length > kMaxBlockBytes)
    return reader.refuse_field("length", "a block yields more than a mebibyte");
  if (std::uint64_t{block.first} + block.second > block.length)
    return reader.refuse_field("length", "a block stores more than it yields");
  return {};
}

}  // namespace

Bytes encode_header(const DeltaHeader& header) {
  Bytes octets = to_bytes(kDeltaMagic);
  put(octets, header.base);
  put(octets, header.target);
  return octets;
}

Result<DeltaHeader> parse_header(ByteView octets) {
  codec::ByteReader reader(octets, kCode, kMessage);
  VEDETTE_TRY(const ByteView magic, reader.take("magic", kDeltaMagic.size()));
  if (as_text(magic) != kDeltaMagic)
    return reader.refuse_field("magic", "it does not begin like a delta of version 1");
  DeltaHeader header;
  VEDETTE_TRY(header.base, read_identity(reader));
  VEDETTE_TRY(header.target, read_identity(reader));
  VEDETTE_CHECK(reader.finish());
  return header;
}

Bytes encode_block_head(const Block& block, std::uint32_t number) {
  Bytes octets;
  put(octets, static_cast<std::uint8_t>(block.kind), 1);
  put(octets, number, 4);
  put(octets, block.length, 4);
  if (block.kind == BlockKind::copy || block.kind == BlockKind::difference)
    put(octets, block.base, 8);
  if (block.kind == BlockKind::difference) {
    put(octets, static_cast<std::uint8_t>(block.element), 1);
    put(octets, block.first, 4);
    put(octets, block.second, 4);
  }
  if (block.kind == BlockKind::literal) {
    put(octets, static_cast<std::uint8_t>(block.packing), 1);
    put(octets, block.first, 4);
  }
  return octets;
}

Result<std::size_t> block_tail_bytes(std::uint8_t kind) {
  constexpr std::array<std::size_t, 4> kTails{0, 8, 17, 5};
  if (kind >= kTails.size())
    return refuse(kCode, std::string(kMessage), "there is no such kind of block");
  return kTails.at(kind);
}

Result<Block> parse_block_head(ByteView octets, std::uint32_t number) {
  codec::ByteReader reader(octets, kCode, kMessage);
  Block block;
  VEDETTE_TRY(const std::uint8_t kind, reader.u8("kind"));
  block.kind = static_cast<BlockKind>(kind);
  VEDETTE_TRY(const std::uint32_t stated, reader.u32("number"));
  if (stated != number) return reader.refuse_field("number", "blocks are missing or out of order");
  VEDETTE_TRY(block.length, reader.u32("length"));
  VEDETTE_CHECK(read_tail(reader, block));
  VEDETTE_CHECK(reader.finish());
  VEDETTE_CHECK(check_bounds(reader, block));
  return block;
}

}  // namespace vedette::release
