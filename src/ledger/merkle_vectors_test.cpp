// Every proof of the `merkle` vectors (transparency-dev/merkle), sound and tampered.
#include <algorithm>
#include <filesystem>
#include <optional>

#include <gtest/gtest.h>

#include "base/fd.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "crypto/digest.h"
#include "ledger/merkle.h"

namespace vedette::ledger {
namespace {

namespace fs = std::filesystem;
using codec::Json;

const fs::path kVectors = fs::path(VEDETTE_VECTORS) / "merkle";

struct Case {
  std::string path;
  Json json;

  [[nodiscard]] std::uint64_t number(std::string_view name) const {
    const Json* value = json.find(name);
    EXPECT_NE(value, nullptr) << path << " " << name;
    if (value == nullptr) return 0;
    if (const auto* integer = value->if_integer()) return static_cast<std::uint64_t>(*integer);
    // Beyond int64: the file means a number near 2^64.
    EXPECT_NE(value->if_double(), nullptr) << path << " " << name;
    return ~std::uint64_t{0};
  }

  // None where the file has an empty hash: no such value can reach our verifiers.
  [[nodiscard]] std::optional<TreeHash> hash(std::string_view name) const {
    const Json* value = json.find(name);
    return value == nullptr || value->if_string() == nullptr ? std::nullopt
                                                             : decode(*value->if_string());
  }

  [[nodiscard]] std::optional<Proof> proof() const {
    Proof proof;
    const Json* array = json.find("proof");
    if (array == nullptr || array->if_array() == nullptr) return proof;
    for (const Json& item : *array->if_array()) {
      const auto one = decode(*item.if_string());
      if (!one) return std::nullopt;
      proof.push_back(*one);
    }
    return proof;
  }

  static std::optional<TreeHash> decode(const std::string& text) {
    const auto bytes = codec::from_base64(text);
    TreeHash hash{};
    if (!bytes || bytes->empty()) return std::nullopt;
    // Texts like "don't care 2": equal ones stay equal, different ones different.
    if (bytes->size() != hash.size()) return crypto::sha256(*bytes);
    std::ranges::copy(*bytes, hash.begin());
    return hash;
  }
};

// JSON-NUMBER would refuse numbers beyond int64, which some files hold: they become doubles.
std::string with_large_numbers_as_doubles(std::string text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::size_t end = i;
    while (end < text.size() && text[end] >= '0' && text[end] <= '9')
      ++end;
    if (end - i >= 19) text.insert(end, ".0");
    i = end;
  }
  return text;
}

std::vector<Case> cases(const std::string& kind) {
  std::vector<Case> found;
  for (const auto& file : fs::recursive_directory_iterator(kVectors / kind)) {
    if (file.path().extension() != ".json") continue;
    const auto text = read_file(file.path().string(), 1 << 20);
    const auto json = codec::parse_json(with_large_numbers_as_doubles(std::string(as_text(*text))));
    EXPECT_TRUE(json) << file.path() << " " << (json ? "" : describe(json.error()));
    if (json) found.push_back({file.path().string(), *json});
  }
  return found;
}

template <class Check>
void run(const std::string& kind, std::size_t expected_count, Check check) {
  if (!fs::exists(kVectors)) GTEST_SKIP() << "no vectors at " << kVectors;
  const std::vector<Case> all = cases(kind);
  EXPECT_EQ(all.size(), expected_count);
  for (const Case& one : all) {
    const auto refused = one.json.boolean("wantErr");
    ASSERT_TRUE(refused) << one.path;
    EXPECT_EQ(check(one), !*refused) << one.path;
  }
}

TEST(MerkleVectors, Inclusion) {
  run("inclusion", 57, [](const Case& c) {
    const auto leaf = c.hash("leafHash");
    const auto root = c.hash("root");
    const auto proof = c.proof();
    return leaf && root && proof &&
           verify_inclusion(*leaf, c.number("leafIdx"), c.number("treeSize"), *proof, *root)
               .has_value();
  });
}

TEST(MerkleVectors, Consistency) {
  run("consistency", 67, [](const Case& c) {
    const auto from = c.hash("root1");
    const auto to = c.hash("root2");
    const auto proof = c.proof();
    return from && to && proof &&
           verify_consistency(c.number("size1"), c.number("size2"), *proof, *from, *to).has_value();
  });
}

TEST(MerkleVectors, SubtreeInclusion) {
  run("subtreeinclusion", 138, [](const Case& c) {
    const auto leaf = c.hash("leafHash");
    const auto root = c.hash("root");
    const auto proof = c.proof();
    return leaf && root && proof &&
           verify_subtree_inclusion(*leaf, c.number("leafIdx"), c.number("start"), c.number("end"),
                                    *proof, *root)
               .has_value();
  });
}

TEST(MerkleVectors, SubtreeConsistency) {
  run("subtreeconsistency", 76, [](const Case& c) {
    const auto subtree = c.hash("root1");
    const auto tree = c.hash("root2");
    const auto proof = c.proof();
    return subtree && tree && proof &&
           verify_subtree_consistency(c.number("start"), c.number("end"), c.number("size"), *proof,
                                      *subtree, *tree)
               .has_value();
  });
}

}  // namespace
}  // namespace vedette::ledger
