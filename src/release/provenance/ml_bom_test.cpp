#include "release/provenance/ml_bom.h"

#include <gtest/gtest.h>

#include "release/provenance/provenance_samples.h"

namespace vedette::release {
namespace {

using codec::Json;

class MlBom : public ::testing::Test {
 protected:
  Json made(const Provenance& provenance) const {
    return make_ml_bom({.manifest = manifest_,
                        .name = "voice",
                        .version = "4",
                        .now = from_unix_seconds(1'790'000'000)},
                       provenance);
  }
  static std::string serial(const Json& bom) { return bom.string("serialNumber").value(); }

  const Manifest manifest_ =
      build_manifest("voice", {{"vad.onnx", crypto::sha256(as_bytes("weights"))},
                               {"labels.txt", crypto::sha256(as_bytes("labels"))}})
          .value();
};

TEST_F(MlBom, AnotherProvenanceHasAnotherNumberAndTheSameHasTheSame) {
  const std::string first = serial(made(samples::full_provenance()));
  EXPECT_EQ(serial(made(samples::full_provenance())), first);
  Provenance other = samples::full_provenance();
  other.lineage->method = "distillation";
  EXPECT_NE(serial(made(other)), first);
  EXPECT_EQ(first.substr(0, 9), "urn:uuid:");
  EXPECT_EQ(first[23], '8') << "RFC 9562, version 8";
}

TEST_F(MlBom, NamesTheModelItsFilesItsDataAndItsAncestor) {
  const Json bom = made(samples::full_provenance());
  const Json& model = **(*bom.object("metadata"))->object("component");
  const auto hash = [](const Json& component) {
    return (*component.array("hashes"))->if_array()->front().string("content").value();
  };
  EXPECT_EQ(hash(model), to_hex(manifest_.root));
  EXPECT_EQ((*model.array("components"))->if_array()->size(), 2U);
  const Json& ancestor = (*(*model.object("pedigree"))->array("ancestors"))->if_array()->front();
  EXPECT_EQ(ancestor.string("name").value(), "silero-vad 5");
  const Json::Array& data = *(*bom.array("components"))->if_array();
  ASSERT_EQ(data.size(), 2U);
  EXPECT_EQ(hash(data[1]), to_hex(samples::full_provenance().datasets[1].root));
  const Json& card = **model.object("modelCard");
  EXPECT_EQ((*(*card.object("quantitativeAnalysis"))->array("performanceMetrics"))
                ->if_array()
                ->front()
                .string("value")
                .value(),
            "0.93");
}

TEST(MlBomOfShards, NamesEachFileOnceAndClaimsNoDigestForIt) {
  const Manifest manifest =
      build_manifest("voice", {{"vad.onnx:0:8", {}}, {"vad.onnx:8:9", {}}}, {}, 8).value();
  const Json bom = make_ml_bom({.manifest = manifest,
                                .name = "voice",
                                .version = "4",
                                .now = from_unix_seconds(1'790'000'000)},
                               samples::full_provenance());
  const Json& model = **(*bom.object("metadata"))->object("component");
  const Json::Array& files = *(*model.array("components"))->if_array();
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files.front().string("name").value(), "vad.onnx");
  EXPECT_EQ(files.front().find("hashes"), nullptr) << "a shard's digest is not its file's";
}

TEST_F(MlBom, OfNothingButABuildLacksWhatIsNotKnown) {
  Provenance built;
  built.build = samples::full_provenance().build;
  const Json bom = made(built);
  const Json& model = **(*bom.object("metadata"))->object("component");
  EXPECT_EQ(model.find("pedigree"), nullptr);
  EXPECT_TRUE((*bom.array("components"))->if_array()->empty());
}

}  // namespace
}  // namespace vedette::release
