#include "ledger/merkle.h"

#include <algorithm>
#include <bit>

#include "crypto/digest.h"

namespace vedette::ledger {
namespace {

constexpr std::uint8_t kLeafPrefix[] = {0x00};
constexpr std::uint8_t kNodePrefix[] = {0x01};

// The split of RFC 6962: the largest power of two below `count`, which is at least 2.
std::uint64_t split(std::uint64_t count) {
  return std::bit_floor(count - 1);
}

Result<void> check_size(LogStore& store, std::uint64_t size) {
  VEDETTE_TRY(const std::uint64_t present, store.size());
  if (size <= present) return {};
  return refuse("LOG-RANGE", "the log is not that long yet",
                std::to_string(size) + " of " + std::to_string(present) + " entries");
}

// The root over the leaves [begin, end), end > begin, whose largest complete subtrees are stored:
// they are joined from the right, where they are smallest.
Result<TreeHash> range_root(LogStore& store, std::uint64_t begin, std::uint64_t end) {
  std::vector<TreeHash> subtrees;
  while (begin < end) {
    const std::uint64_t count = std::bit_floor(end - begin);
    VEDETTE_TRY(const TreeHash hash,
                store.node(static_cast<unsigned>(std::countr_zero(count)), begin / count));
    subtrees.push_back(hash);
    begin += count;
  }
  TreeHash hash = subtrees.back();
  for (std::size_t i = subtrees.size() - 1; i-- > 0;)
    hash = node_hash(subtrees[i], hash);
  return hash;
}

}  // namespace

TreeHash leaf_hash(ByteView entry) {
  crypto::Sha256Stream stream;
  stream.update(kLeafPrefix);
  stream.update(entry);
  return stream.finish();
}

TreeHash node_hash(const TreeHash& left, const TreeHash& right) {
  crypto::Sha256Stream stream;
  stream.update(kNodePrefix);
  stream.update(left);
  stream.update(right);
  return stream.finish();
}

TreeHash empty_root() {
  return crypto::sha256({});
}

Result<std::uint64_t> append_entry(LogStore& store, ByteView entry) {
  if (entry.size() > kMaxEntryBytes)
    return refuse("LOG-ENTRY-SIZE", "an entry is too long for the log",
                  std::to_string(entry.size()) + " bytes");
  VEDETTE_TRY(const std::uint64_t index, store.size());
  TreeHash hash = leaf_hash(entry);
  VEDETTE_CHECK(store.add_entry(index, entry));
  VEDETTE_CHECK(store.add_node(0, index, hash));
  unsigned level = 0;
  for (std::uint64_t position = index; (position & 1U) != 0; position >>= 1U) {
    VEDETTE_TRY(const TreeHash left, store.node(level, position - 1));
    hash = node_hash(left, hash);
    ++level;
    VEDETTE_CHECK(store.add_node(level, position >> 1U, hash));
  }
  return index;
}

Result<TreeHash> root(LogStore& store, std::uint64_t size) {
  VEDETTE_CHECK(check_size(store, size));
  if (size == 0) return empty_root();
  return range_root(store, 0, size);
}

// RFC 6962, 2.1.1: PATH, from the root downwards, then turned around.
Result<Proof> inclusion_proof(LogStore& store, std::uint64_t index, std::uint64_t size) {
  VEDETTE_CHECK(check_size(store, size));
  if (index >= size)
    return refuse("LOG-RANGE", "that entry is not in a log of that size",
                  std::to_string(index) + " of " + std::to_string(size));
  Proof proof;
  std::uint64_t begin = 0;
  std::uint64_t end = size;
  while (end - begin > 1) {
    const std::uint64_t middle = begin + split(end - begin);
    const bool in_left = index < middle;
    VEDETTE_TRY(const TreeHash sibling,
                in_left ? range_root(store, middle, end) : range_root(store, begin, middle));
    proof.push_back(sibling);
    (in_left ? end : begin) = middle;
  }
  std::ranges::reverse(proof);
  return proof;
}

// RFC 6962, 2.1.2: SUBPROOF, from the root downwards, then turned around.
Result<Proof> consistency_proof(LogStore& store, std::uint64_t from, std::uint64_t to) {
  VEDETTE_CHECK(check_size(store, to));
  if (from == 0 || from > to)
    return refuse("LOG-RANGE", "there is no proof between those sizes",
                  std::to_string(from) + " to " + std::to_string(to));
  Proof proof;
  std::uint64_t begin = 0;
  std::uint64_t end = to;
  while (end != from) {
    const std::uint64_t middle = begin + split(end - begin);
    const bool in_left = from <= middle;
    VEDETTE_TRY(const TreeHash sibling,
                in_left ? range_root(store, middle, end) : range_root(store, begin, middle));
    proof.push_back(sibling);
    (in_left ? end : begin) = middle;
  }
  if (begin != 0) {  // the old tree is not a subtree that the verifier knows
    VEDETTE_TRY(const TreeHash last, range_root(store, begin, end));
    proof.push_back(last);
  }
  std::ranges::reverse(proof);
  return proof;
}

}  // namespace vedette::ledger
