#include <string>

#include "release/delta/delta.h"
#include "release/delta/format.h"
#include "release/stream_verifier.h"

namespace vedette::release {
namespace {

std::string text_of(const FileIdentity& file) {
  return "sha256 " + to_hex(file.sha256) + ", " + std::to_string(file.size) + " bytes";
}

Result<void> check_base(const ByteSource& base, const FileIdentity& wanted) {
  const auto other = [&](const std::string& found) {
    return refuse("DELTA-BASE", "the delta was made for another base",
                  "made for " + text_of(wanted) + "; here is " + found,
                  "fetch the whole file instead");
  };
  if (base.size() != wanted.size) return other(std::to_string(base.size()) + " bytes");
  VEDETTE_TRY(const crypto::Sha256Digest found, sha256_of(base));
  return found == wanted.sha256 ? Result<void>{} : other("sha256 " + to_hex(found));
}

// Reads the delta from its beginning to its end.
class DeltaReader {
 public:
  explicit DeltaReader(const ByteSource& delta) : delta_(delta) {}

  Result<DeltaHeader> header() {
    Bytes octets(kDeltaHeaderBytes);
    VEDETTE_CHECK(take(octets));
    return parse_header(octets);
  }

  Result<Block> block() {
    Bytes octets(kBlockHeadBytes);
    VEDETTE_CHECK(take(octets));
    VEDETTE_TRY(const std::size_t tail, block_tail_bytes(octets[0]));
    octets.resize(kBlockHeadBytes + tail);
    VEDETTE_CHECK(take(std::span(octets).subspan(kBlockHeadBytes)));
    return parse_block_head(octets, number_++);
  }

  Result<void> take(std::span<std::uint8_t> to) {
    if (to.size() > delta_.size() - at_)
      return refuse("DELTA-SYNTAX", "this is not a well-formed delta", "it ends too early");
    VEDETTE_CHECK(delta_.read(at_, to));
    at_ += to.size();
    return {};
  }

  [[nodiscard]] Result<void> finish() const {
    if (at_ == delta_.size()) return {};
    return refuse("DELTA-SYNTAX", "this is not a well-formed delta",
                  "something follows its last block");
  }

 private:
  const ByteSource& delta_;
  std::uint64_t at_ = 0;
  std::uint32_t number_ = 0;
};

class Patcher {
 public:
  Patcher(const ByteSource& base, DeltaReader& delta, const FileIdentity& wanted,
          const ByteSink& sink, const DeltaProgress& progress)
      : base_(base),
        delta_(delta),
        verifier_(wanted.sha256, wanted.size),
        sink_(sink),
        progress_(progress) {}

  Result<void> run() {
    while (true) {
      VEDETTE_TRY(const Block block, delta_.block());
      if (block.kind == BlockKind::end) break;
      VEDETTE_CHECK(apply(block));
    }
    VEDETTE_CHECK(delta_.finish());
    return verifier_.finish();
  }

 private:
  Result<void> apply(const Block& block) {
    switch (block.kind) {
      case BlockKind::copy:
        return copy(block);
      case BlockKind::difference:
        return difference(block);
      case BlockKind::literal:
        return literal(block);
      case BlockKind::end:
        break;
    }
    return {};
  }

  Result<void> copy(const Block& block) {
    for (std::uint64_t done = 0; done < block.length;) {
      const auto count =
          static_cast<std::size_t>(std::min<std::uint64_t>(kMaxBlockBytes, block.length - done));
      VEDETTE_CHECK(read_base(block.base, done, count));
      VEDETTE_CHECK(emit());
      done += count;
    }
    return {};
  }

  Result<void> difference(const Block& block) {
    stored_.resize(std::size_t{block.first} + block.second);
    VEDETTE_CHECK(delta_.take(stored_));
    VEDETTE_CHECK(read_base(block.base, 0, block.length));
    const ByteView stored(stored_);
    VEDETTE_CHECK(models_.of(block.element)
                      .decode(stored.first(block.first), stored.subspan(block.first), piece_));
    return emit();
  }

  Result<void> literal(const Block& block) {
    piece_.resize(block.length);
    if (block.packing == Packing::none) {
      VEDETTE_CHECK(delta_.take(piece_));
      return emit();
    }
    stored_.resize(block.first);
    VEDETTE_CHECK(delta_.take(stored_));
    VEDETTE_CHECK(zstd_unpack(stored_, piece_));
    return emit();
  }

  Result<void> read_base(std::uint64_t offset, std::uint64_t done, std::size_t count) {
    if (offset > base_.size() || done + count > base_.size() - offset)
      return refuse("DELTA-SYNTAX", "this is not a well-formed delta",
                    "a block lies outside of the base");
    piece_.resize(count);
    return base_.read(offset + done, piece_);
  }

  // The verifier comes first: not one octet more than was promised leaves this.
  Result<void> emit() {
    VEDETTE_CHECK(verifier_.update(piece_));
    VEDETTE_CHECK(sink_(piece_));
    if (progress_) progress_(verifier_.received());
    return {};
  }

  const ByteSource& base_;
  DeltaReader& delta_;
  StreamVerifier verifier_;
  const ByteSink& sink_;
  const DeltaProgress& progress_;
  DifferenceModels models_;
  Bytes piece_;   // of the target, or of the base before it is changed
  Bytes stored_;  // of the delta
};

}  // namespace

Result<DeltaHeader> read_delta_header(const ByteSource& delta) {
  return DeltaReader(delta).header();
}

Result<void> apply_delta(const ByteSource& base, const ByteSource& delta,
                         const FileIdentity& wanted, const ByteSink& sink,
                         const DeltaProgress& progress) {
  DeltaReader reader(delta);
  VEDETTE_TRY(const DeltaHeader header, reader.header());
  if (header.target != wanted)
    return refuse("DELTA-TARGET", "the delta makes another file than the one that is wanted",
                  "it makes " + text_of(header.target) + "; wanted is " + text_of(wanted));
  VEDETTE_CHECK(check_base(base, header.base));
  return Patcher(base, reader, wanted, sink, progress).run();
}

}  // namespace vedette::release
