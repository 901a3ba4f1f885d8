#include "ledger/merkle.h"

#include <gtest/gtest.h>

#include "testing/memory_log_store.h"

namespace vedette::ledger {
namespace {

using vedette::testing::MemoryLogStore;

std::string entry_text(std::uint64_t index) {
  return "entry " + std::to_string(index);
}

void grow(MemoryLogStore& store, std::uint64_t size) {
  for (std::uint64_t i = *store.size(); i < size; ++i)
    ASSERT_EQ(append_entry(store, as_bytes(entry_text(i))), i);
}

// RFC 6962, 2.1, word for word: the slow way.
TreeHash definition(std::uint64_t begin, std::uint64_t end) {
  if (begin == end) return empty_root();
  if (end - begin == 1) return leaf_hash(as_bytes(entry_text(begin)));
  std::uint64_t k = 1;
  while (2 * k < end - begin)
    k *= 2;
  return node_hash(definition(begin, begin + k), definition(begin + k, end));
}

template <class T>
std::string code_of(const Result<T>& result) {
  return result ? "accepted" : result.error().code;
}

TEST(Merkle, RefusesAnEntryOf65536Octets) {
  MemoryLogStore store;
  EXPECT_EQ(code_of(append_entry(store, Bytes(65'536))), "LOG-ENTRY-SIZE");
  EXPECT_EQ(*store.size(), 0U);
  EXPECT_TRUE(append_entry(store, Bytes(65'535)));
}

TEST(Merkle, RefusesProofsBeyondTheLog) {
  MemoryLogStore store;
  grow(store, 3);
  EXPECT_EQ(code_of(root(store, 4)), "LOG-RANGE");
  EXPECT_EQ(code_of(inclusion_proof(store, 0, 4)), "LOG-RANGE");
  EXPECT_EQ(code_of(inclusion_proof(store, 3, 3)), "LOG-RANGE");
  EXPECT_EQ(code_of(consistency_proof(store, 0, 3)), "LOG-RANGE");
  EXPECT_EQ(code_of(consistency_proof(store, 3, 2)), "LOG-RANGE");
  EXPECT_EQ(code_of(consistency_proof(store, 1, 4)), "LOG-RANGE");
}

TEST(Merkle, RefusesAProofWithAnyHashChangedMissingOrAdded) {
  MemoryLogStore store;
  grow(store, 13);
  const TreeHash whole = *root(store, 13);
  const TreeHash leaf = leaf_hash(as_bytes(entry_text(6)));
  const Proof proof = *inclusion_proof(store, 6, 13);
  for (std::size_t i = 0; i < proof.size(); ++i) {
    Proof changed = proof;
    changed[i][0] ^= 1U;
    EXPECT_EQ(code_of(verify_inclusion(leaf, 6, 13, changed, whole)), "LOG-PROOF");
    Proof shorter = proof;
    shorter.erase(shorter.begin() + static_cast<std::ptrdiff_t>(i));
    EXPECT_EQ(code_of(verify_inclusion(leaf, 6, 13, shorter, whole)), "LOG-PROOF");
    Proof longer = proof;
    longer.insert(longer.begin() + static_cast<std::ptrdiff_t>(i), whole);
    EXPECT_EQ(code_of(verify_inclusion(leaf, 6, 13, longer, whole)), "LOG-PROOF");
  }
  EXPECT_EQ(code_of(verify_inclusion(leaf, 7, 13, proof, whole)), "LOG-PROOF");
}

TEST(Merkle, RefusesARewrittenPast) {
  MemoryLogStore honest;
  grow(honest, 9);
  MemoryLogStore forked;
  ASSERT_TRUE(append_entry(forked, as_bytes("another past")));
  grow(forked, 20);
  const Proof proof = *consistency_proof(forked, 9, 20);
  EXPECT_EQ(code_of(verify_consistency(9, 20, proof, *root(honest, 9), *root(forked, 20))),
            "LOG-PROOF");
  EXPECT_TRUE(verify_consistency(9, 20, proof, *root(forked, 9), *root(forked, 20)));
}

TEST(Merkle, SurvivesSizesAtTheEndOfTheRange) {
  const TreeHash hash = empty_root();
  constexpr std::uint64_t kMax = ~std::uint64_t{0};
  const Proof proof(64, hash);
  EXPECT_FALSE(verify_inclusion(hash, kMax - 1, kMax, proof, hash));
  EXPECT_FALSE(verify_inclusion(hash, kMax, kMax, proof, hash));
  EXPECT_FALSE(verify_consistency(kMax - 1, kMax, proof, hash, hash));
  EXPECT_FALSE(verify_subtree_consistency(1, kMax, kMax, proof, hash, hash));
  EXPECT_FALSE(verify_subtree_inclusion(hash, kMax - 1, kMax - 1, kMax, proof, hash));
}

TEST(Merkle, HashesAsRfc6962Says) {
  EXPECT_EQ(to_hex(empty_root()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(to_hex(leaf_hash({})),
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
}

TEST(Merkle, HasTheRootOfTheDefinitionAtEverySize) {
  MemoryLogStore store;
  for (const std::uint64_t size : {0U, 1U, 2U, 3U, 7U, 8U, 31U, 64U, 65U, 255U, 256U, 257U}) {
    grow(store, size);
    EXPECT_EQ(*root(store, size), definition(0, size)) << size;
  }
  for (std::uint64_t size = 0; size <= 257; size += 9)
    EXPECT_EQ(*root(store, size), definition(0, size)) << "a past size, " << size;
}

TEST(Merkle, StoresEveryCompleteSubtreeOnce) {
  MemoryLogStore store;
  grow(store, 100);
  EXPECT_EQ(store.node_count(), 100U + 50U + 25U + 12U + 6U + 3U + 1U);
}

TEST(Merkle, ProvesEveryEntryAtEverySize) {
  MemoryLogStore store;
  grow(store, 40);
  for (std::uint64_t size = 1; size <= 40; ++size) {
    const TreeHash whole = *root(store, size);
    for (std::uint64_t index = 0; index < size; ++index) {
      const auto proof = inclusion_proof(store, index, size);
      ASSERT_TRUE(proof) << index << " of " << size;
      EXPECT_TRUE(
          verify_inclusion(leaf_hash(as_bytes(entry_text(index))), index, size, *proof, whole))
          << index << " of " << size;
    }
  }
}

TEST(Merkle, ProvesEveryPairOfSizesConsistent) {
  MemoryLogStore store;
  grow(store, 40);
  for (std::uint64_t to = 1; to <= 40; ++to)
    for (std::uint64_t from = 1; from <= to; ++from) {
      const auto proof = consistency_proof(store, from, to);
      ASSERT_TRUE(proof) << from << " to " << to;
      EXPECT_TRUE(verify_consistency(from, to, *proof, *root(store, from), *root(store, to)))
          << from << " to " << to;
    }
}

}  // namespace
}  // namespace vedette::ledger
