#include "release/tuf/metadata.h"

#include <gtest/gtest.h>

#include "codec/json.h"
#include "release/tuf/forged_repository.h"
#include "release/tuf/limits.h"

namespace vedette::release::tuf {
namespace {

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

template <class T>
std::string code(const Result<T>& result) {
  return result ? "parsed" : result.error().code;
}

class TufMetadata : public ::testing::Test {
 protected:
  // The code for the document of `role` with `from` replaced by `to`.
  std::string root_with(std::string_view from, std::string_view to) {
    return code(parse_root(as_bytes(replaced(root_, from, to))));
  }
  std::string targets_with(std::string_view from, std::string_view to) {
    return code(parse_targets(as_bytes(replaced(targets_, from, to))));
  }
  std::string text(const std::string& role) {
    return codec::to_json(*codec::parse_json(as_text(repository_.files[repository_.file(role)])));
  }

  void SetUp() override {
    repository_.add_target("targets", "file", "content");
    repository_.delegate("targets", {{"one", "a/*"}});
    repository_.publish({"targets"});
    targets_ = text("targets");
  }

  ForgedRepository repository_;
  std::string root_ = text("root");
  std::string targets_;
};

TEST_F(TufMetadata, RefusesImproperThresholds) {
  for (const char* bad : {"0", "-1", "1.5", "1.0", "\"1\"", "9223372036854775808", "1e3", "null"})
    EXPECT_EQ(root_with("\"threshold\":1", std::string("\"threshold\":") + bad), "TUF-SYNTAX")
        << bad;
  EXPECT_EQ(targets_with("\"threshold\":1", "\"threshold\":0"), "TUF-SYNTAX");
}

TEST_F(TufMetadata, RefusesImproperVersionsAndTimes) {
  for (const char* bad : {"0", "-1", "1.5", "9223372036854775808"})
    EXPECT_EQ(root_with("\"version\":1", std::string("\"version\":") + bad), "TUF-SYNTAX") << bad;
  EXPECT_EQ(root_with(kLater, "2027-11-23T12:00:00+01:00"), "TUF-SYNTAX");
  EXPECT_EQ(root_with(kLater, "2027-02-30T12:00:00Z"), "TUF-SYNTAX");
}

TEST_F(TufMetadata, RefusesARootOfAVersionThatNoneCanFollow) {
  EXPECT_EQ(root_with("\"version\":1", "\"version\":9223372036854775807"), "TUF-SYNTAX");
  EXPECT_EQ(root_with("\"version\":1", "\"version\":9223372036854775806"), "parsed");
}

TEST_F(TufMetadata, RefusesTwoMembersOfOneName) {
  EXPECT_EQ(root_with("\"version\":1", "\"version\":1,\"version\":2"), "TUF-SYNTAX");
  EXPECT_EQ(root_with("\"signed\":{", "\"signed\":{},\"signed\":{"), "TUF-SYNTAX");
}

TEST_F(TufMetadata, RefusesTwoSignaturesOfOneKey) {
  const std::size_t at = root_.find("{\"keyid\":");
  const std::string signature = root_.substr(at, root_.find('}', at) + 1 - at);
  EXPECT_EQ(root_with(signature, signature + "," + signature), "TUF-SYNTAX");
}

TEST_F(TufMetadata, RefusesAKeyTwiceInARole) {
  const std::string id = "\"" + repository_["targets"].signers[0].id + "\"";
  EXPECT_EQ(root_with("[" + id + "]", "[" + id + "," + id + "]"), "TUF-SYNTAX");
}

TEST_F(TufMetadata, RefusesMoreKeysAndSignaturesThanItsLimits) {
  // `text` with each # replaced by a number, for each number below `count`
  const auto many = [](std::size_t count, const std::string& text) {
    std::string all;
    for (std::size_t i = 0; i < count; ++i)
      all += replaced(text, "#", std::to_string(i));
    return all;
  };
  const auto with = [&](const std::string& opening, std::size_t count, const std::string& text) {
    return root_with(opening, opening + many(count, text));
  };
  const std::string key = R"("#":{"keytype":"x","scheme":"x","keyval":{}},)";
  const std::string signature = R"({"keyid":"#","sig":"00"},)";
  EXPECT_EQ(with("\"keys\":{", kMaxKeys, key), "TUF-SYNTAX");
  EXPECT_EQ(with("\"signatures\":[", kMaxSignatures, signature), "TUF-SYNTAX");
  EXPECT_EQ(with("\"keyids\":[", kMaxRoleKeys, "\"#\","), "TUF-SYNTAX");
  EXPECT_EQ(with("\"keys\":{", kMaxKeys / 2, key), "parsed");
  EXPECT_EQ(with("\"signatures\":[", kMaxSignatures - 1, signature), "parsed");
  EXPECT_EQ(with("\"keyids\":[", kMaxRoleKeys - 1, "\"#\","), "parsed");
}

TEST_F(TufMetadata, RefusesTheMetadataOfAnotherRole) {
  EXPECT_EQ(code(parse_timestamp(as_bytes(text("snapshot")))), "TUF-TYPE");
  EXPECT_EQ(code(parse_snapshot(as_bytes(text("timestamp")))), "TUF-TYPE");
  EXPECT_EQ(code(parse_targets(as_bytes(root_))), "TUF-TYPE");
  EXPECT_EQ(code(parse_root(as_bytes(targets_))), "TUF-TYPE");
}

TEST_F(TufMetadata, RefusesAnotherEditionOfTheSpecification) {
  for (const char* bad : {"2.0.0", "0.9", "10.0", "1", ""})
    EXPECT_EQ(root_with("1.0.34", bad), "TUF-SPEC-VERSION") << bad;
}

TEST_F(TufMetadata, RefusesDelegationsToTopLevelRoles) {
  for (const char* bad : {"root", "timestamp", "snapshot", "targets", ""})
    EXPECT_EQ(targets_with("\"name\":\"one\"", std::string("\"name\":\"") + bad + "\""),
              "TUF-SYNTAX")
        << bad;
}

TEST_F(TufMetadata, RefusesAmbiguousDelegations) {
  EXPECT_EQ(targets_with("\"paths\":[\"a/*\"]", "\"other\":1"), "TUF-SYNTAX") << "no paths at all";
  EXPECT_EQ(targets_with("\"paths\":", "\"path_hash_prefixes\":[\"ab\"],\"paths\":"), "TUF-SYNTAX");
  EXPECT_EQ(targets_with("\"paths\":[\"a/*\"]", "\"path_hash_prefixes\":[\"AB\"]"), "TUF-SYNTAX");
  EXPECT_EQ(targets_with("\"paths\":[\"a/*\"]", "\"path_hash_prefixes\":[\"ab\"]"), "parsed");
  const std::string succinct =
      R"("succinct_roles":{"keyids":[],"threshold":1,"bit_length":8,"name_prefix":"b"},)";
  EXPECT_EQ(targets_with("\"roles\":", succinct + "\"roles\":"), "TUF-SYNTAX") << "both kinds";
  EXPECT_EQ(targets_with("\"roles\":", "\"rolls\":"), "TUF-SYNTAX") << "none";
  const std::string role = targets_.substr(targets_.find("{\"name\""));
  const std::string whole = role.substr(0, role.find("]}") + 2);
  EXPECT_EQ(targets_with(whole, whole + "," + whole), "TUF-SYNTAX") << "two of one name";
}

TEST_F(TufMetadata, RefusesImproperSuccinctRoles) {
  const auto succinct = [&](const std::string& bits) {
    const std::string roles = targets_.substr(targets_.find("\"roles\":["));
    return targets_with(roles.substr(0, roles.find("]}]") + 3),
                        R"("succinct_roles":{"keyids":[],"threshold":1,"bit_length":)" + bits +
                            R"(,"name_prefix":"b"})");
  };
  for (const char* bad : {"0", "-1", "33", "2.5"})
    EXPECT_EQ(succinct(bad), "TUF-SYNTAX") << bad;
  EXPECT_EQ(succinct("32"), "parsed");
}

TEST_F(TufMetadata, RefusesTargetsWithoutLengthOrHashes) {
  EXPECT_EQ(targets_with("\"length\":7", "\"long\":7"), "TUF-SYNTAX");
  EXPECT_EQ(targets_with("\"length\":7", "\"length\":-7"), "TUF-SYNTAX");
  EXPECT_EQ(targets_with("\"hashes\"", "\"hash\""), "TUF-SYNTAX");
  EXPECT_EQ(targets_with("\"sha256\":\"e", "\"sha256\":\"E"), "TUF-SYNTAX");
  EXPECT_EQ(targets_with("\"sha256\":\"e", "\"sha256\":\"../e"), "TUF-SYNTAX");
}

TEST_F(TufMetadata, RefusesNumbersThatHaveNoCanonicalForm) {
  EXPECT_EQ(root_with("\"version\":1", "\"version\":1,\"x\":0.5"), "TUF-CANONICAL");
}

TEST_F(TufMetadata, RefusesWhatIsNoJsonOrTooMuch) {
  for (const std::string& bad :
       {std::string(), std::string("[]"), std::string("{}"), "\xEF\xBB\xBF" + root_, root_ + "x",
        root_ + '\0', std::string(10'000, '['), std::string("{\"signed\":\"\xC0\xAF\"}")})
    EXPECT_EQ(code(parse_root(as_bytes(bad))), "TUF-SYNTAX") << bad.substr(0, 20);
  EXPECT_EQ(code(parse_root(as_bytes(root_ + std::string(kMaxRootOctets, ' ')))), "TUF-SYNTAX");
  EXPECT_EQ(root_with("\"signatures\":[", "\"signatures\":[1,"), "TUF-SYNTAX");
}

TEST_F(TufMetadata, RefusesATimestampOfMoreThanASnapshot) {
  const std::string timestamp = text("timestamp");
  EXPECT_EQ(code(parse_timestamp(as_bytes(
                replaced(timestamp, "\"meta\":{", "\"meta\":{\"x.json\":{\"version\":1},")))),
            "TUF-SYNTAX");
  EXPECT_EQ(code(parse_timestamp(as_bytes(timestamp))), "parsed");
}

TEST_F(TufMetadata, SignsMembersThatItDoesNotKnow) {
  const auto root = parse_root(
      as_bytes(replaced(root_, "\"version\":1", R"("version":1,"z":{"b":[true],"a":null})")));
  ASSERT_TRUE(root) << describe(root.error());
  EXPECT_NE(root->signed_octets.find(R"("z":{"a":null,"b":[true]})"), std::string::npos);
}

}  // namespace
}  // namespace vedette::release::tuf
