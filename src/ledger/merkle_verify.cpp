#include <bit>

#include "ledger/merkle.h"

namespace vedette::ledger {
namespace {

std::unexpected<Error> refuse_proof(const char* cause) {
  return refuse("LOG-PROOF", "the proof does not hold", cause);
}

bool is_odd(std::uint64_t number) {
  return (number & 1U) != 0;
}

// Merkle Tree Certificates draft, section 4: the subtree is one of the complete binary tree's,
// perhaps cut off at its right edge.
bool is_subtree(std::uint64_t start, std::uint64_t end) {
  constexpr std::uint64_t kLargest = std::uint64_t{1} << 63U;
  if (start > end) return false;
  if (start == 0) return true;
  return end - start <= kLargest && start % std::bit_ceil(end - start) == 0;
}

}  // namespace

// RFC 9162, 2.1.3.2.
Result<void> verify_inclusion(const TreeHash& leaf, std::uint64_t index, std::uint64_t size,
                              std::span<const TreeHash> proof, const TreeHash& root) {
  if (index >= size) return refuse_proof("the entry lies beyond the end");
  std::uint64_t node = index;
  std::uint64_t last = size - 1;
  TreeHash hash = leaf;
  for (const TreeHash& sibling : proof) {
    if (last == 0) return refuse_proof("too many hashes");
    if (is_odd(node) || node == last) {
      hash = node_hash(sibling, hash);
      while (!is_odd(node) && node != 0) {
        node >>= 1U;
        last >>= 1U;
      }
    } else {
      hash = node_hash(hash, sibling);
    }
    node >>= 1U;
    last >>= 1U;
  }
  if (last != 0) return refuse_proof("too few hashes");
  if (hash != root) return refuse_proof("another root");
  return {};
}

Result<void> verify_subtree_inclusion(const TreeHash& leaf, std::uint64_t index,
                                      std::uint64_t start, std::uint64_t end,
                                      std::span<const TreeHash> proof,
                                      const TreeHash& subtree_root) {
  if (!is_subtree(start, end)) return refuse_proof("not a subtree");
  if (index < start) return refuse_proof("the entry lies before the start");
  return verify_inclusion(leaf, index - start, end - start, proof, subtree_root);
}

Result<void> verify_consistency(std::uint64_t from, std::uint64_t to,
                                std::span<const TreeHash> proof, const TreeHash& from_root,
                                const TreeHash& to_root) {
  if (from == 0) return refuse_proof("nothing can be proven from an empty log");
  return verify_subtree_consistency(0, from, to, proof, from_root, to_root);
}

// Merkle Tree Certificates draft, section 4.4; for start 0 it is RFC 9162, 2.1.4.2.
Result<void> verify_subtree_consistency(std::uint64_t start, std::uint64_t end, std::uint64_t size,
                                        std::span<const TreeHash> proof,
                                        const TreeHash& subtree_root, const TreeHash& tree_root) {
  if (!is_subtree(start, end) || end > size) return refuse_proof("not a subtree of the tree");
  if (start == end) {
    if (!proof.empty() || subtree_root != empty_root()) return refuse_proof("an empty subtree");
    return {};
  }
  std::uint64_t first = start;
  std::uint64_t node = end - 1;
  std::uint64_t last = size - 1;
  const auto up = [&] {
    first >>= 1U;
    node >>= 1U;
    last >>= 1U;
  };
  const bool at_right_edge = node == last;
  while (first != node && (at_right_edge || is_odd(node)))
    up();
  TreeHash subtree = subtree_root;
  if (first != node) {
    if (proof.empty()) return refuse_proof("too few hashes");
    subtree = proof.front();
    proof = proof.subspan(1);
  }
  TreeHash tree = subtree;
  for (const TreeHash& sibling : proof) {
    if (last == 0) return refuse_proof("too many hashes");
    if (is_odd(node) || node == last) {
      if (first < node) subtree = node_hash(sibling, subtree);
      tree = node_hash(sibling, tree);
      while (!is_odd(node))
        up();
    } else {
      tree = node_hash(tree, sibling);
    }
    up();
  }
  if (last != 0) return refuse_proof("too few hashes");
  if (subtree != subtree_root || tree != tree_root) return refuse_proof("another root");
  return {};
}

}  // namespace vedette::ledger
