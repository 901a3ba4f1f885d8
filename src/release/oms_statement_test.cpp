#include <algorithm>

#include <gtest/gtest.h>

#include "codec/json.h"
#include "release/oms_manifest.h"

namespace vedette::release {
namespace {

using codec::Json;

const std::string kDigestA(64, 'a');
const std::string kDigestB(64, 'b');

crypto::Sha256Digest filled(std::uint8_t value) {
  crypto::Sha256Digest digest{};
  digest.fill(value);
  return digest;
}

Manifest manifest() {
  return *build_manifest(
      "vad",
      {{.name = "b.onnx", .sha256 = filled(0xBB)}, {.name = "a.txt", .sha256 = filled(0xAA)}},
      {".git"});
}

Json statement() {
  return *codec::parse_json(to_statement(manifest()));
}

std::string parse_code(const Json& json) {
  const auto parsed = parse_statement(codec::to_json(json));
  return parsed ? "parsed" : parsed.error().code;
}

// The statement with its predicate's `member` replaced.
std::string with_predicate(const std::string& member, Json value) {
  Json changed = statement();
  Json predicate = *changed.find("predicate");
  predicate.set(member, std::move(value));
  changed.set("predicate", predicate);
  return parse_code(changed);
}

std::string with_serialization(const std::string& member, Json value) {
  Json serialization = *statement().find("predicate")->find("serialization");
  serialization.set(member, std::move(value));
  return with_predicate("serialization", serialization);
}

Json resource(const std::string& name, const std::string& digest = kDigestA) {
  return Json::Object{{"name", name}, {"algorithm", "sha256"}, {"digest", digest}};
}

std::string with_resources(const std::vector<Json>& resources) {
  return with_predicate("resources", Json::Array(resources.begin(), resources.end()));
}

std::string with_root(const std::string& digest) {
  Json changed = statement();
  changed.set("subject", Json::Array{Json::Object{{"name", "vad"},
                                                  {"digest", Json::Object{{"sha256", digest}}}}});
  return parse_code(changed);
}

TEST(OmsStatement, RefusesNamesThatLeaveTheFolder) {
  for (const std::string bad :
       {"", "..", "../secret", "a/../../secret", "/etc/passwd", "a//b", "a/", "./a", "a/.", "a\\b",
        "..\\secret", "a\nb", "a\x7F", "a\xC2\x85", "C:\\x"})
    EXPECT_EQ(with_resources({resource(bad), resource("ok", kDigestB)}), "OMS-NAME") << bad;
  EXPECT_EQ(with_resources({resource(std::string(4097, 'a'))}), "OMS-NAME");
  EXPECT_EQ(with_resources({resource("."), resource("ok")}), "OMS-NAME") << "a file beside itself";
}

TEST(OmsStatement, RefusesANulInAName) {
  EXPECT_NE(with_resources({resource(std::string("a\0b", 3))}), "parsed");
}

TEST(OmsStatement, RefusesIgnoredPathsThatLeaveTheFolder) {
  for (const char* bad : {"", ".", "..", "../x", "/", "a\\b"})
    EXPECT_EQ(with_serialization("ignore_paths", Json::Array{Json(bad)}), "OMS-NAME") << bad;
  EXPECT_EQ(with_serialization("ignore_paths", Json::Array{Json(1)}), "OMS-SYNTAX");
  EXPECT_EQ(with_serialization("ignore_paths", "x"), "OMS-SYNTAX");
}

TEST(OmsStatement, RefusesAFileListedTwice) {
  EXPECT_EQ(with_resources({resource("a"), resource("b"), resource("a", kDigestB)}),
            "OMS-DUPLICATE");
}

TEST(OmsStatement, RefusesAModelWithoutFiles) {
  EXPECT_EQ(with_resources({}), "OMS-EMPTY");
  EXPECT_EQ(build_manifest("vad", {}).error().code, "OMS-EMPTY");
}

TEST(OmsStatement, RefusesARootThatIsNotOfTheFiles) {
  EXPECT_EQ(with_root(kDigestA), "OMS-ROOT");
  EXPECT_EQ(with_resources({resource("a.txt", kDigestB), resource("b.onnx", kDigestA)}), "OMS-ROOT")
      << "the same digests in another order";
  EXPECT_EQ(with_resources({resource("a.txt", kDigestA)}), "OMS-ROOT") << "a file taken out";
}

TEST(OmsStatement, RefusesDigestsInAnyOtherForm) {
  for (const std::string& bad : {std::string(), std::string(63, 'a'), std::string(65, 'a'),
                                 std::string(64, 'A'), std::string(64, 'g'), "0x" + kDigestA}) {
    EXPECT_EQ(with_root(bad), "OMS-SYNTAX") << bad;
    EXPECT_EQ(with_resources({resource("a", bad)}), "OMS-SYNTAX") << bad;
  }
}

TEST(OmsStatement, RefusesAlgorithmsThatDisagree) {
  Json other = resource("a");
  other.set("algorithm", "blake2b");
  EXPECT_EQ(with_resources({other}), "OMS-METHOD");
  EXPECT_EQ(with_serialization("hash_type", "blake2b"), "OMS-METHOD");
}

TEST(OmsStatement, RefusesAShardSizeOfWholeFiles) {
  EXPECT_EQ(with_serialization("shard_size", 1), "OMS-SYNTAX");
}

TEST(OmsStatement, RefusesUnknownMembersAnywhere) {
  Json top = statement();
  top.set("extra", 1);
  EXPECT_EQ(parse_code(top), "OMS-SYNTAX");
  EXPECT_EQ(with_predicate("provenance", Json::Object{}), "OMS-SYNTAX");
  EXPECT_EQ(with_serialization("follow", true), "OMS-SYNTAX");
  Json item = resource("a");
  item.set("size", 1);
  EXPECT_EQ(with_resources({item}), "OMS-SYNTAX");
}

TEST(OmsStatement, RefusesMissingMembersAnywhere) {
  const Json whole = statement();
  for (const auto& [name, value] : *whole.if_object()) {
    Json::Object rest;
    for (const auto& member : *whole.if_object())
      if (member.first != name) rest.push_back(member);
    EXPECT_EQ(parse_code(rest), "OMS-SYNTAX") << name;
  }
  EXPECT_EQ(with_predicate("serialization", nullptr), "OMS-SYNTAX");
  EXPECT_EQ(with_serialization("allow_symlinks", "false"), "OMS-SYNTAX");
}

TEST(OmsStatement, RefusesAnyOtherStatement) {
  for (const char* member : {"_type", "predicateType"}) {
    Json other = statement();
    other.set(member, "https://example.com/wrong-predicate/v1.0");
    EXPECT_EQ(parse_code(other), "OMS-TYPE") << member;
  }
}

TEST(OmsStatement, RefusesTwoSubjects) {
  Json changed = statement();
  const Json subject = changed.find("subject")->if_array()->front();
  changed.set("subject", Json::Array{subject, subject});
  EXPECT_EQ(parse_code(changed), "OMS-SYNTAX");
  changed.set("subject", Json::Array{});
  EXPECT_EQ(parse_code(changed), "OMS-SYNTAX");
}

TEST(OmsStatement, RefusesHostileJson) {
  std::string duplicate = to_statement(manifest());
  duplicate.insert(1, R"("_type":"https://in-toto.io/Statement/v1",)");
  EXPECT_EQ(parse_statement(duplicate).error().code, "JSON-DUPLICATE");
  EXPECT_EQ(parse_statement(std::string(10'000, '[')).error().code, "JSON-DEPTH");
  const std::string good = to_statement(manifest());
  for (const std::string& bad :
       {good + "x", "\xEF\xBB\xBF" + good, good + std::string(1, '\0'), std::string("NaN"),
        std::string("\"\\ud800\""), std::string("\"\xC0\xAF\""), std::string("{\"a\":\"\xFF\"}")})
    EXPECT_EQ(parse_statement(bad).error().code, "JSON-SYNTAX") << bad;
  EXPECT_EQ(parse_statement("{\"a\":" + std::string(400, '9') + "}").error().code, "JSON-NUMBER");
}

TEST(OmsStatement, RefusesModelNamesThatArePaths) {
  for (const char* bad : {"..", "a/b", "/", "a\nb", "a\\b"})
    EXPECT_EQ(build_manifest(bad, {{.name = "a", .sha256 = {}}}).error().code, "OMS-NAME") << bad;
}

TEST(OmsStatement, RefusesMoreThanAHundredThousandFiles) {
  std::vector<Resource> many(kMaxResources + 1);
  for (std::size_t i = 0; i < many.size(); ++i)
    many[i].name = std::to_string(i);
  EXPECT_EQ(build_manifest("m", many).error().code, "OMS-SIZE");
  many.pop_back();
  const auto largest = build_manifest("m", many);
  ASSERT_TRUE(largest);
  const auto parsed = parse_statement(to_statement(*largest));
  ASSERT_TRUE(parsed) << describe(parsed.error());
  EXPECT_EQ(parsed->root, largest->root);
}

TEST(OmsStatement, SortsByCodePointNotByPathPart) {
  const auto built = build_manifest("m", {{.name = "a/b", .sha256 = {}},
                                          {.name = "a-b", .sha256 = {}},
                                          {.name = "\xF0\x9F\x98\x80", .sha256 = {}},
                                          {.name = "\xEF\xBF\xBD", .sha256 = {}}});
  ASSERT_TRUE(built);
  std::vector<std::string> names;
  for (const Resource& item : built->resources)
    names.push_back(item.name);
  EXPECT_EQ(names, (std::vector<std::string>{"a-b", "a/b", "\xEF\xBF\xBD", "\xF0\x9F\x98\x80"}));
}

TEST(OmsStatement, KeepsTheSignersOrder) {
  Manifest listed = manifest();
  std::swap(listed.resources[0], listed.resources[1]);
  Bytes both = to_bytes(ByteView(listed.resources[0].sha256));
  append(both, listed.resources[1].sha256);
  listed.root = crypto::sha256(both);
  const auto parsed = parse_statement(to_statement(listed));
  ASSERT_TRUE(parsed) << describe(parsed.error());
  EXPECT_EQ(parsed->resources, listed.resources);
}

TEST(OmsStatement, KeepsTwinsApart) {
  const auto twins = build_manifest("m", {{.name = "A.onnx", .sha256 = filled(1)},
                                          {.name = "a.onnx", .sha256 = filled(2)},
                                          {.name = "\xC3\xA9", .sha256 = filled(3)},
                                          {.name = "e\xCC\x81", .sha256 = filled(4)},
                                          {.name = "a:0:10", .sha256 = filled(5)}});
  ASSERT_TRUE(twins) << "names are octets: case, normal form and colons mean nothing";
  EXPECT_EQ(twins->find_file("A.onnx")->sha256, filled(1));
  EXPECT_EQ(twins->find_file("e\xCC\x81")->sha256, filled(4));
}

TEST(OmsStatement, FindsTheFileOfASingleFileModelUnderItsName) {
  const auto single = build_manifest("m.onnx", {{.name = ".", .sha256 = filled(1)}});
  ASSERT_TRUE(single);
  EXPECT_NE(single->find_file("m.onnx"), nullptr);
  EXPECT_EQ(single->find_file("."), nullptr);
  EXPECT_EQ(manifest().find_file("vad"), nullptr);
}

TEST(OmsStatement, ReadsWhatItWrites) {
  const auto parsed = parse_statement(to_statement(manifest()));
  ASSERT_TRUE(parsed) << describe(parsed.error());
  EXPECT_EQ(parsed->model_name, "vad");
  EXPECT_EQ(parsed->resources, manifest().resources);
  EXPECT_EQ(parsed->ignore_paths, manifest().ignore_paths);
  EXPECT_EQ(parsed->root, manifest().root);
}

}  // namespace
}  // namespace vedette::release
