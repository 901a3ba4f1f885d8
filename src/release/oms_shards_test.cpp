#include "release/oms_shards.h"

#include <gtest/gtest.h>

#include "codec/json.h"

namespace vedette::release {
namespace {

using codec::Json;

constexpr std::uint64_t kSize = 8;

crypto::Sha256Digest filled(std::uint8_t value) {
  crypto::Sha256Digest digest{};
  digest.fill(value);
  return digest;
}

// Each name with a digest of its own.
Result<Manifest> built(const std::vector<std::string>& names, std::uint64_t shard_size = kSize) {
  std::vector<Resource> resources;
  for (const std::string& name : names)
    resources.push_back({.name = name, .sha256 = filled(static_cast<std::uint8_t>(names.size()))});
  return build_manifest("vad", std::move(resources), {}, shard_size);
}

std::string built_code(const std::vector<std::string>& names, std::uint64_t shard_size = kSize) {
  const auto manifest = built(names, shard_size);
  return manifest ? "built" : manifest.error().code;
}

Json statement() {
  return *codec::parse_json(to_statement(*built({"a.onnx:0:8", "a.onnx:8:10", "b:0:3"})));
}

std::string parse_code(const Json& json) {
  const auto parsed = parse_statement(codec::to_json(json));
  return parsed ? "parsed" : parsed.error().code;
}

// The statement with a member of its serialization replaced, or taken out.
std::string with_serialization(const std::string& member, std::optional<Json> value) {
  Json changed = statement();
  Json predicate = *changed.find("predicate");
  Json::Object serialization;
  for (const auto& [name, old] : *predicate.find("serialization")->if_object())
    if (name != member) serialization.emplace_back(name, old);
  if (value) serialization.emplace_back(member, *value);
  predicate.set("serialization", serialization);
  changed.set("predicate", predicate);
  return parse_code(changed);
}

std::string with_algorithm(const std::string& algorithm) {
  Json changed = statement();
  Json predicate = *changed.find("predicate");
  Json::Array resources = *predicate.find("resources")->if_array();
  resources.front().set("algorithm", algorithm);
  predicate.set("resources", resources);
  changed.set("predicate", predicate);
  return parse_code(changed);
}

TEST(OmsShards, RefusesNamesThatAreNoShards) {
  for (const std::string bad : {"a",
                                "a:0",
                                "a:0:",
                                "a::8",
                                ":0:8",
                                "a:8:0",
                                "a:0:0",
                                "a:8:8",
                                "a:-8:8",
                                "a:0:+8",
                                "a:0: 8",
                                "a:00:8",
                                "a:0:08",
                                "a:0:0x8",
                                "a:0:8.0",
                                "a:0:1_0",
                                "a:0:8:",
                                "a:0:9007199254740992",
                                "a:0:18446744073709551624",
                                "a:0:99999999999999999999999"})
    EXPECT_EQ(built_code({bad}), "OMS-NAME") << bad;
}

TEST(OmsShards, RefusesFilesThatLeaveTheFolder) {
  for (const std::string bad : {"..", "../secret", "/etc/passwd", "a//b", "./a", "a\\b", "a\nb"})
    EXPECT_EQ(built_code({bad + ":0:8"}), "OMS-NAME") << bad;
  EXPECT_EQ(built_code({std::string(4097, 'a') + ":0:8"}), "OMS-NAME");
  EXPECT_EQ(built_code({std::string(4096, 'a') + ":0:8"}), "built");
  EXPECT_EQ(built_code({".:0:8", "a:0:8"}), "OMS-NAME") << "a file beside itself";
}

TEST(OmsShards, RefusesAColonInAFilesName) {
  for (const char* bad : {"a:b:0:8", "a:0:8:0:8", "c::0:8"})
    EXPECT_EQ(built_code({bad}), "OMS-NAME") << bad;
}

TEST(OmsShards, RefusesAGapAnOverlapAndWhatDoesNotBeginAtTheBeginning) {
  EXPECT_EQ(built_code({"a:8:16"}), "OMS-SHARD") << "the beginning is missing";
  EXPECT_EQ(built_code({"a:1:8"}), "OMS-SHARD");
  EXPECT_EQ(built_code({"a:0:8", "a:16:24"}), "OMS-SHARD") << "a gap";
  EXPECT_EQ(built_code({"a:0:8", "a:4:12"}), "OMS-SHARD") << "an overlap";
  EXPECT_EQ(built_code({"a:0:8", "a:0:4"}), "OMS-SHARD") << "two beginnings";
  EXPECT_EQ(built_code({"a:0:8", "b:8:16"}), "OMS-SHARD") << "another file's shard fills no gap";
  EXPECT_EQ(built_code({"a:0:8", "a:0:8"}), "OMS-DUPLICATE");
}

TEST(OmsShards, RefusesShardsOfAnotherSizeThanTheStatementSays) {
  EXPECT_EQ(built_code({"a:0:9"}), "OMS-SHARD") << "larger";
  EXPECT_EQ(built_code({"a:0:4", "a:4:12"}), "OMS-SHARD") << "smaller, and not the last";
  EXPECT_EQ(built_code({"a:0:8", "a:8:17"}), "OMS-SHARD") << "the last one larger";
  EXPECT_EQ(built_code({"a:0:8"}, kMaxShardBytes + 1), "OMS-SHARD");
}

TEST(OmsShards, RefusesAModelOfEmptyFilesAlone) {
  EXPECT_EQ(built_code({}), "OMS-EMPTY");
}

TEST(OmsShards, RefusesSizesThatAreNoWholeNumberOfOctets) {
  for (const Json& bad :
       {Json(0), Json(-8), Json(0.0), Json(8.5), Json(-8.0), Json(1e300), Json(0.5), Json("8"),
        Json(true), Json(nullptr), Json(Json::Array{Json(8)})})
    EXPECT_EQ(with_serialization("shard_size", bad), "OMS-SYNTAX") << codec::to_json(bad);
  EXPECT_EQ(with_serialization("shard_size", std::nullopt), "OMS-SYNTAX");
  EXPECT_EQ(with_serialization("shard_size", std::int64_t{1} << 60), "OMS-METHOD");
  EXPECT_EQ(with_serialization("shard_size", 9), "OMS-METHOD") << "the resources say 8";
}

TEST(OmsShards, RefusesMethodsAndHashesThatDisagree) {
  EXPECT_EQ(with_serialization("method", "files"), "OMS-SYNTAX") << "files have no shard_size";
  EXPECT_EQ(with_serialization("method", "chunks"), "OMS-METHOD");
  for (const char* hash : {"blake2b", "blake3", "sha256-sharded-8"})
    EXPECT_EQ(with_serialization("hash_type", hash), "OMS-METHOD") << hash;
  for (const char* bad : {"sha256", "sha256-sharded-9", "sha256-sharded-08", "blake2b-sharded-8"})
    EXPECT_EQ(with_algorithm(bad), "OMS-METHOD") << bad;
  EXPECT_EQ(with_algorithm("sha256-sharded-8"), "parsed");
}

TEST(OmsShards, RefusesAShardTakenOutOrMoved) {
  for (const bool swap : {false, true}) {
    Json changed = statement();
    Json predicate = *changed.find("predicate");
    Json::Array resources = *predicate.find("resources")->if_array();
    resources[1].set("digest", std::string(64, 'c'));
    if (swap)
      std::swap(resources[0], resources[1]);
    else
      resources.pop_back();
    predicate.set("resources", resources);
    changed.set("predicate", predicate);
    EXPECT_EQ(parse_code(changed), "OMS-ROOT");
  }
}

TEST(OmsShards, RefusesMoreThanAHundredThousand) {
  std::vector<std::string> many;
  for (std::uint64_t i = 0; i <= kMaxResources; ++i)
    many.push_back(to_string(Shard{.file = "a", .begin = i * kSize, .end = (i + 1) * kSize}));
  EXPECT_EQ(built_code(many), "OMS-SIZE");
  many.pop_back();
  const auto largest = built(many);
  ASSERT_TRUE(largest);
  EXPECT_TRUE(parse_statement(to_statement(*largest)));
}

TEST(OmsShards, AFileSignedByShardsIsNoFileOfTheManifest) {
  const auto manifest = built({"a.onnx:0:8"});
  ASSERT_TRUE(manifest);
  EXPECT_EQ(manifest->find_file("a.onnx"), nullptr) << "its own digest is not known";
  EXPECT_EQ(manifest->find_file("a.onnx:0:8"), nullptr);
  const auto single = built({".:0:8"});
  ASSERT_TRUE(single);
  EXPECT_EQ(single->find_file("vad"), nullptr);
}

TEST(OmsShards, TakesTheSizeAsTheReferenceWritesIt) {
  EXPECT_EQ(with_serialization("shard_size", 8.0), "parsed");
  EXPECT_EQ(with_serialization("shard_size", 8), "parsed");
  const std::string text = to_statement(*built({"a:0:8"}));
  EXPECT_NE(text.find(R"("shard_size":8)"), std::string::npos) << text;
}

TEST(OmsShards, ReadsWhatItWritesAndTheSignersOrder) {
  const auto manifest = built({"a:8:16", "a:16:20", "a:0:8", "a-b:0:1"});
  ASSERT_TRUE(manifest);
  std::vector<std::string> names;
  for (const Resource& resource : manifest->resources)
    names.push_back(resource.name);
  EXPECT_EQ(names, (std::vector<std::string>{"a-b:0:1", "a:0:8", "a:16:20", "a:8:16"}))
      << "by code point, as files are";
  const auto parsed = parse_statement(to_statement(*manifest));
  ASSERT_TRUE(parsed) << describe(parsed.error());
  EXPECT_EQ(parsed->resources, manifest->resources);
  EXPECT_EQ(parsed->shard_size, kSize);
  EXPECT_EQ(parsed->root, manifest->root);
}

TEST(OmsShards, TellsFilesAndTheirSizes) {
  const auto manifest = built({"a:8:16", "a:16:20", "a:0:8", "b:0:1"});
  ASSERT_TRUE(manifest);
  const auto files = sharded_files(manifest->resources);
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(files[0].name + " " + std::to_string(files[0].size), "a 20");
  EXPECT_EQ(files[1].name + " " + std::to_string(files[1].size), "b 1");
  EXPECT_EQ(shard_count(0, kSize), 0U);
  EXPECT_EQ(shard_count(8, kSize), 1U);
  EXPECT_EQ(shard_count(9, kSize), 2U);
}

}  // namespace
}  // namespace vedette::release
