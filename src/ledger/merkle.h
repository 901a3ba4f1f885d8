// The Merkle tree of RFC 6962, section 2.1: hashing, growing, proving, checking.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "ledger/log_store.h"

namespace vedette::ledger {

using Proof = std::vector<TreeHash>;  // from the leaves upwards; at most 64 hashes

inline constexpr std::size_t kMaxEntryBytes = 65'535;  // C2SP tlog-tiles: uint16 lengths

[[nodiscard]] TreeHash leaf_hash(ByteView entry);  // SHA-256(00 || entry)
[[nodiscard]] TreeHash node_hash(const TreeHash& left, const TreeHash& right);  // 01 || L || R
[[nodiscard]] TreeHash empty_root();                                            // SHA-256("")

// Adds an entry and the complete subtrees that it closes; returns its index. Refuses
// LOG-ENTRY-SIZE, and what the store refuses.
[[nodiscard]] Result<std::uint64_t> append_entry(LogStore& store, ByteView entry);

// Of the tree of the first `size` entries. Refuse LOG-RANGE when the store has fewer, when `index`
// is not below `size`, or when `from` is 0 or above `to`.
[[nodiscard]] Result<TreeHash> root(LogStore& store, std::uint64_t size);
[[nodiscard]] Result<Proof> inclusion_proof(LogStore& store, std::uint64_t index,
                                            std::uint64_t size);
[[nodiscard]] Result<Proof> consistency_proof(LogStore& store, std::uint64_t from,
                                              std::uint64_t to);

// Whoever holds a root checks with these; no store is needed. Refuse LOG-PROOF.
[[nodiscard]] Result<void> verify_inclusion(const TreeHash& leaf, std::uint64_t index,
                                            std::uint64_t size, std::span<const TreeHash> proof,
                                            const TreeHash& root);
// From size 0 nothing can be proven, and it is refused; two equal sizes need equal roots.
[[nodiscard]] Result<void> verify_consistency(std::uint64_t from, std::uint64_t to,
                                              std::span<const TreeHash> proof,
                                              const TreeHash& from_root, const TreeHash& to_root);

// The same for the subtree of the leaves [start, end) (Merkle Tree Certificates draft, section 4):
// `start` must be a multiple of the smallest power of two that is no less than `end - start`.
[[nodiscard]] Result<void> verify_subtree_inclusion(const TreeHash& leaf, std::uint64_t index,
                                                    std::uint64_t start, std::uint64_t end,
                                                    std::span<const TreeHash> proof,
                                                    const TreeHash& subtree_root);
[[nodiscard]] Result<void> verify_subtree_consistency(std::uint64_t start, std::uint64_t end,
                                                      std::uint64_t size,
                                                      std::span<const TreeHash> proof,
                                                      const TreeHash& subtree_root,
                                                      const TreeHash& tree_root);

}  // namespace vedette::ledger
