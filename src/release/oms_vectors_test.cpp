// The `oms` vectors: bundles by the reference implementation and by the specification.
#include <filesystem>

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
    if (name.find("_shard") != std::string::npos)
      EXPECT_EQ(code_of(manifest), "OMS-METHOD") << name;
    else if (name == "empty_model_folder.json")
      EXPECT_EQ(code_of(manifest), "OMS-EMPTY");
    else
      EXPECT_EQ(code_of(manifest), "verified") << name;
    parsed += manifest ? 1U : 0U;
  }
  EXPECT_EQ(parsed, 5U);
}

TEST_F(OmsVectors, HashesTheReferenceModelsToTheSameLists) {
  const auto models = codec::parse_json(text_of(kVectors / "serialization/models.json"));
  ASSERT_TRUE(models);
  std::size_t compared = 0;
  for (const auto& file : fs::directory_iterator(kVectors / "serialization/file")) {
    const std::string name = file.path().filename().string();
    const Json* model = models->find(name);
    ASSERT_NE(model, nullptr) << name;
    for (const auto& [path, content] : *model->if_object())
      folder_.write(name + "/" + path,
                    std::string(as_text(*codec::from_base64(*content.if_string()))));
    const bool single = name.ends_with("_file") && !name.starts_with("model_folder");
    const std::string path =
        (folder_.path() / name / (single ? model->if_object()->front().first : "")).string();
    const auto manifest = hash_model(path);
    ASSERT_TRUE(manifest) << name << " " << describe(manifest.error());
    std::string listed;
    for (const Resource& resource : manifest->resources)
      listed += (listed.empty() ? "" : "\n") + resource.name + ":" + to_hex(resource.sha256);
    std::string expected = text_of(file.path());
    while (expected.ends_with('\n'))
      expected.pop_back();
    EXPECT_EQ(listed, expected) << name;
    ++compared;
  }
  EXPECT_EQ(compared, 4U);
}

}  // namespace
}  // namespace vedette::release
