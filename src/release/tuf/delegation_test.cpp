#include "release/tuf/delegation.h"

#include <chrono>

#include <gtest/gtest.h>

#include "release/tuf/forged_repository.h"

namespace vedette::release::tuf {
namespace {

DelegatedRole role(const std::string& name, const std::vector<std::string>& paths,
                   bool terminating = false) {
  return {.name = name,
          .keys = {.key_ids = {"k-" + name}, .threshold = 1},
          .terminating = terminating,
          .paths = paths,
          .path_hash_prefixes = {}};
}

std::string names_for(const Delegations& delegations, std::string_view target) {
  std::string names;
  for (const Child& child : children_for(delegations, target))
    names += child.role_name + (child.terminating ? "! " : " ");
  return names;
}

TEST(TufDelegation, NoWildcardCrossesASlash) {
  EXPECT_FALSE(matches_path("*", "a/b"));
  EXPECT_FALSE(matches_path("a/*", "a/b/c"));
  EXPECT_FALSE(matches_path("a/*/c", "a/c"));
  EXPECT_FALSE(matches_path("a?b", "a/b"));
  EXPECT_FALSE(matches_path("*.md", "x/README.md"));
}

TEST(TufDelegation, NothingButStarAndQuestionMarkIsSpecial) {
  EXPECT_FALSE(matches_path("[ab]", "a"));
  EXPECT_TRUE(matches_path("[ab]", "[ab]"));
  EXPECT_FALSE(matches_path("README.md", "README.MD"));
  EXPECT_FALSE(matches_path("foo-?.tgz", "foo-alpha.tgz"));
  EXPECT_FALSE(matches_path("a", ""));
  EXPECT_TRUE(matches_path("foo-?.tgz", "foo-1.tgz"));
  EXPECT_TRUE(matches_path("*a*b*", "xxabxbx"));
  EXPECT_TRUE(matches_path("a*", "a"));
}

// A matcher that tries every star anew would need more than the age of the universe.
TEST(TufDelegation, AHostilePatternCostsLittle) {
  std::string pattern;
  for (int i = 0; i < 300; ++i)
    pattern += "a*";
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(matches_path(pattern + "b", std::string(1000, 'a')));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(1));
}

TEST(TufDelegation, ATerminatingRoleEndsTheList) {
  const Delegations delegations{
      .keys = {},
      .roles = {role("a", {"x/*"}), role("b", {"y", "*"}, true), role("c", {"*"})},
      .succinct_roles = {}};
  EXPECT_EQ(names_for(delegations, "file"), "b! ");
  EXPECT_EQ(names_for(delegations, "x/file"), "a ");
  EXPECT_EQ(keys_of(delegations, "c")->key_ids, std::vector<std::string>{"k-c"});
  EXPECT_FALSE(keys_of(delegations, "d"));
}

TEST(TufDelegation, PathHashPrefixesChooseByTheNamesDigest) {
  DelegatedRole hashed = role("h", {});
  const std::string hex = to_hex(crypto::sha256(as_bytes("some/target")));
  hashed.path_hash_prefixes = {hex.substr(0, 3)};
  const Delegations delegations{.keys = {}, .roles = {hashed}, .succinct_roles = {}};
  EXPECT_EQ(names_for(delegations, "some/target"), "h ");
  const char other = hex[2] == '0' ? '1' : '0';
  hashed.path_hash_prefixes = {hex.substr(0, 2) + other};
  EXPECT_EQ(names_for({.keys = {}, .roles = {hashed}, .succinct_roles = {}}, "some/target"), "");
}

// The first 4 octets of SHA-256("foo") are 2c 26 b4 6b.
TEST(TufDelegation, SuccinctRolesAreNumberedByTheLeftmostBits) {
  const auto bins = [](unsigned bits) {
    return Delegations{
        .keys = {},
        .roles = {},
        .succinct_roles = SuccinctRoles{
            .keys = {.key_ids = {"k"}, .threshold = 1}, .bit_length = bits, .name_prefix = "bin"}};
  };
  EXPECT_EQ(names_for(bins(1), "foo"), "bin-0 ");
  EXPECT_EQ(names_for(bins(5), "foo"), "bin-05 ");
  EXPECT_EQ(names_for(bins(8), "foo"), "bin-2c ");
  EXPECT_EQ(names_for(bins(12), "foo"), "bin-2c2 ");
  EXPECT_EQ(names_for(bins(32), "foo"), "bin-2c26b46b ");
  EXPECT_TRUE(keys_of(bins(5), "bin-1f"));
  for (const char* bad : {"bin-20", "bin-1F", "bin-1", "bin-001", "bim-1f", "bin+1f", ""})
    EXPECT_FALSE(keys_of(bins(5), bad)) << bad;
}

}  // namespace
}  // namespace vedette::release::tuf
