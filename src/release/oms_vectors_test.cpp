// The `oms` vectors: bundles by the reference implementation and by the specification.
#include <filesystem>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "base/fd.h"
#include "codec/base64.h"
#include "codec/json.h"
#include "release/model_tree.h"
#include "testing/model_scene.h"

namespace vedette::release {
namespace {

namespace fs = std::filesystem;
using codec::Json;
using crypto::PublicKey;

const fs::path kVectors = fs::path(VEDETTE_VECTORS) / "oms";
const fs::path kModels = kVectors / "model-transparency";

std::string text_of(const fs::path& path) {
  const auto bytes = read_file(path.string(), 16 << 20);
  EXPECT_TRUE(bytes) << path;
  return bytes ? std::string(as_text(*bytes)) : std::string();
}

template <class T>
std::string code_of(const Result<T>& result) {
  return result ? "verified" : result.error().code;
}

class OmsVectors : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!fs::exists(kVectors)) GTEST_SKIP() << "no vectors at " << kVectors;
    const auto key = PublicKey::from_pem(text_of(kModels / "keys/certificate/signing-key-pub.pem"));
    ASSERT_TRUE(key) << describe(key.error());
    publishers_.push_back(*key);
  }

  // Copies, for the vectors may lie on a file system that links equal files.
  [[nodiscard]] fs::path copy_of(const std::string& name) const {
    const fs::path to = folder_.path() / name;
    fs::copy(kModels / name, to, fs::copy_options::recursive);
    fs::permissions(to, fs::perms::owner_all);
    return to;
  }

  ModelScene folder_;
  std::vector<PublicKey> publishers_;
};

TEST_F(OmsVectors, RefusesWhatTheSpecificationCallsInvalid) {
  EXPECT_EQ(
      code_of(verify_bundle(text_of(kVectors / "spec/invalid/empty.bundle.json"), publishers_)),
      "JSON-SYNTAX");
  EXPECT_EQ(code_of(verify_bundle(text_of(kVectors / "spec/invalid/missing-envelope.bundle.json"),
                                  publishers_)),
            "OMS-BUNDLE");
  EXPECT_EQ(
      code_of(verify_bundle(text_of(kVectors / "spec/invalid-payload/wrong-predicate.bundle.json"),
                            publishers_)),
      "OMS-SIGNATURE")
      << "the vector keeps the signature of another payload";
}

TEST_F(OmsVectors, RefusesCertificateAndKeylessBundles) {
  for (const char* name : {"v0.2.0-certificate", "v1.0.0-certificate", "v1.0.1-certificate",
                           "v1.1.0-certificate", "v1.0.1-sigstore", "v1.1.0-sigstore"})
    EXPECT_EQ(code_of(verify_bundle(text_of(kModels / name / "model.sig"), publishers_)),
              "OMS-MODE")
        << name;
  EXPECT_EQ(
      code_of(verify_bundle(text_of(kVectors / "spec/valid/certificate.bundle.json"), publishers_)),
      "OMS-MODE");
}

// What signed them says of itself that it is an authority, has no name, and its issuer's for a
// subject: the reference implementation lets it pass.
TEST_F(OmsVectors, RefusesTheReferencesCertificateForItIsAnAuthoritys) {
  const auto root =
      crypto::Certificate::from_pem(text_of(kModels / "keys/certificate/ca-cert.pem"));
  ASSERT_TRUE(root);
  const CertifiedSigners signers{
      .roots = {*root}, .identities = {"intermediate-ca"}, .now = from_unix_seconds(1'795'000'000)};
  for (const char* name : {"v1.0.0-certificate", "v1.0.1-certificate", "v1.1.0-certificate"})
    EXPECT_EQ(code_of(verify_certified_bundle(text_of(kModels / name / "model.sig"), signers)),
              "CERT-PURPOSE")
        << name;
  for (const char* name : {"v1.0.1-sigstore", "v1.1.0-sigstore"})
    EXPECT_EQ(code_of(verify_certified_bundle(text_of(kModels / name / "model.sig"), signers)),
              "OMS-MODE")
        << name;
}

TEST_F(OmsVectors, RefusesEveryKeyBundleUnderAnotherKey) {
  const std::vector<PublicKey> others{crypto::PrivateKey::generate_p256().public_key()};
  for (const char* name : {"v1.0.1-elliptic-key", "v1.1.0-elliptic-key"})
    EXPECT_EQ(code_of(verify_bundle(text_of(kModels / name / "model.sig"), others)),
              "OMS-UNTRUSTED")
        << name;
}

TEST_F(OmsVectors, AcceptsTheSpecificationsKeyBundle) {
  EXPECT_EQ(code_of(verify_bundle(text_of(kVectors / "spec/valid/key.bundle.json"), publishers_)),
            "verified");
}

TEST_F(OmsVectors, AcceptsEveryKeyBundleWithItsModel) {
  const std::string single = text_of(kModels / "v0.3.1-elliptic-key/model.sig");
  EXPECT_EQ(code_of(verify_model((copy_of("v0.3.1-elliptic-key") / "signme-1").string(), single,
                                 publishers_)),
            "verified");
  for (const char* name : {"v1.0.1-elliptic-key", "v1.1.0-elliptic-key"}) {
    const std::string bundle = text_of(kModels / name / "model.sig");
    EXPECT_EQ(code_of(verify_model(copy_of(name).string(), bundle, publishers_,
                                   {.ignore = {"model.sig", "ignore-me"}, .progress = {}})),
              "verified")
        << name;
  }
}

TEST_F(OmsVectors, TakesTheSignersIgnorePathsFromTheBundle) {
  const fs::path model = copy_of("v1.1.0-elliptic-key");
  const std::string bundle = text_of(model / "model.sig");
  EXPECT_EQ(code_of(verify_model(model.string(), bundle, publishers_)), "verified");
  folder_.write("v1.1.0-elliptic-key/added", "x");
  EXPECT_EQ(code_of(verify_model(model.string(), bundle, publishers_)), "OMS-UNLISTED");
}

TEST_F(OmsVectors, RefusesAKeyBundleForAChangedModel) {
  const fs::path model = copy_of("v1.1.0-elliptic-key");
  const std::string bundle = text_of(model / "model.sig");
  fs::remove(model / "signme-1");
  EXPECT_EQ(code_of(verify_model(model.string(), bundle, publishers_)), "OMS-MISSING");
  folder_.write("v1.1.0-elliptic-key/signme-1", "other");
  EXPECT_EQ(code_of(verify_model(model.string(), bundle, publishers_)), "OMS-DIGEST");
}

TEST_F(OmsVectors, ReadsTheReferenceStatements) {
  std::size_t parsed = 0;
  for (const auto& file : fs::directory_iterator(kVectors / "statements")) {
    const std::string name = file.path().filename().string();
    const auto manifest = parse_statement(text_of(file.path()));
    // An empty file has no shard; so these have no resource at all.
    const bool empty = name == "empty_model_folder.json" ||
                       (name.starts_with("empty_") && name.ends_with("_shard.json")) ||
                       name == "model_folder_with_empty_file_shard.json";
    if (empty)
      EXPECT_EQ(code_of(manifest), "OMS-EMPTY") << name;
    else
      EXPECT_EQ(code_of(manifest), "verified") << name;
    parsed += manifest ? 1U : 0U;
  }
  EXPECT_EQ(parsed, 8U);
}

// Reference lists of `path:digest` lines, in a model's folder or of its single file.
class ReferenceLists : public OmsVectors {
 protected:
  void SetUp() override {
    OmsVectors::SetUp();
    if (IsSkipped()) return;
    const auto models = codec::parse_json(text_of(kVectors / "serialization/models.json"));
    ASSERT_TRUE(models);
    models_ = *models;
  }

  // Writes the model; its path, of the file itself where it is one.
  std::string lay_out(const std::string& name) {
    const Json* model = models_.find(name);
    EXPECT_NE(model, nullptr) << name;
    if (model == nullptr) return {};
    fs::create_directories(folder_.path() / name);
    for (const auto& [path, content] : *model->if_object())
      folder_.write(name + "/" + path,
                    std::string(as_text(*codec::from_base64(*content.if_string()))));
    const bool single = name.ends_with("_file") && !name.starts_with("model_folder");
    return (folder_.path() / name / (single ? model->if_object()->front().first : "")).string();
  }

  static std::string list_of(const Manifest& manifest) {
    std::string listed;
    for (const Resource& resource : manifest.resources)
      listed += (listed.empty() ? "" : "\n") + resource.name + ":" + to_hex(resource.sha256);
    return listed;
  }

  static std::string expected_in(const fs::path& path) {
    std::string expected = text_of(path);
    while (expected.ends_with('\n'))
      expected.pop_back();
    return expected;
  }

  Json models_;
};

TEST_F(ReferenceLists, AreThoseOfOurFiles) {
  std::size_t compared = 0;
  for (const auto& file : fs::directory_iterator(kVectors / "serialization/file")) {
    const std::string name = file.path().filename().string();
    const auto manifest = hash_model(lay_out(name));
    ASSERT_TRUE(manifest) << name << " " << describe(manifest.error());
    EXPECT_EQ(list_of(*manifest), expected_in(file.path())) << name;
    ++compared;
  }
  EXPECT_EQ(compared, 4U);
}

TEST_F(ReferenceLists, AreThoseOfOurShards) {
  constexpr std::string_view kSmall = "_small_shards";
  std::size_t compared = 0;
  for (const auto& file : fs::directory_iterator(kVectors / "serialization/file_shard")) {
    std::string name = file.path().filename().string();
    const bool small = name.ends_with(kSmall);
    if (small) name.resize(name.size() - kSmall.size());
    const std::string expected = expected_in(file.path());
    const auto manifest = hash_model_by_shards(lay_out(name), small ? 8 : 1'000'000'000);
    if (expected.empty()) {
      EXPECT_EQ(code_of(manifest), "OMS-EMPTY") << name;
      continue;
    }
    ASSERT_TRUE(manifest) << name << " " << describe(manifest.error());
    // The reference sorts a file's shards by number, the specification all names by code point.
    std::set<std::string> ours;
    std::set<std::string> theirs;
    std::istringstream our_lines(list_of(*manifest));
    std::istringstream their_lines(expected);
    for (std::string line; std::getline(our_lines, line);)
      ours.insert(line);
    for (std::string line; std::getline(their_lines, line);)
      theirs.insert(line);
    EXPECT_EQ(ours, theirs) << file.path();
    ++compared;
  }
  EXPECT_EQ(compared, 4U);
}

}  // namespace
}  // namespace vedette::release
