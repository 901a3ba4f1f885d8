#include "inference/admission/admission.h"

#include <gtest/gtest.h>

#include "base/fd.h"
#include "inference/admission/operators.h"
#include "inference/admission/refusal.h"

namespace vedette::inference {
namespace {

using namespace testing::onnx;
using namespace std::string_view_literals;

TEST(AdmitFormat, RefusesWhatIsNotOnnx) {
  EXPECT_EQ(refusal_of({}), "ADM-FORMAT");
  EXPECT_EQ(refusal_of(as_bytes("no model at all")), "ADM-FORMAT");
  EXPECT_EQ(refusal_of(as_bytes("PK\x03\x04 a zip archive")), "ADM-FORMAT");
  EXPECT_EQ(refusal_of(as_bytes("\x1F\x8B\x08 gzip")), "ADM-FORMAT");
  EXPECT_EQ(refusal_of(as_bytes("\x1C\0\0\0TFL3 TensorFlow Lite"sv)), "ADM-FORMAT");
  EXPECT_EQ(refusal_of(as_bytes("\x80\x02}q pickle")), "ADM-FORMAT");
}

Bytes ort_model() {
  return to_bytes("\x08\0\0\0ORTM\x04\0\0\0\0\0\0\0"sv);
}

TEST(AdmitFormat, RefusesTheRuntimesOwnFormat) {
  EXPECT_EQ(format_of(ort_model()), FoundFormat::ort);
  EXPECT_EQ(refusal_of(ort_model()), "ADM-FORMAT");
}

// The runtime looks for the mark before it tries protobuf.
TEST(AdmitFormat, RefusesAnOnnxFileThatIsAnOrtFileToo) {
  const Bytes fine = testing::add_model();
  const Message front = bytes(2, "12ORTM89");  // producer_name; its text begins at octet 2
  const Bytes both = to_bytes(front + std::string(as_text(fine)));
  ASSERT_EQ(as_text(ByteView(both).subspan(4, 4)), "ORTM");
  EXPECT_EQ(refusal_of(both), "ADM-FORMAT");
  EXPECT_EQ(refusal_of(to_bytes(bytes(2, "123ORTM9") + std::string(as_text(fine)))), "");
}

TEST(AdmitFormat, LetsOrtFilesPassByThatNameOnly) {
  EXPECT_TRUE(insecure_admit_unscanned_ort(ort_model(), 1024).has_value());
  EXPECT_FALSE(insecure_admit_unscanned_ort(ort_model(), 16).has_value());
  EXPECT_FALSE(insecure_admit_unscanned_ort(testing::add_model(), 1024).has_value());
  Bytes outside = ort_model();
  outside[0] = 13;
  EXPECT_FALSE(insecure_admit_unscanned_ort(outside, 1024).has_value());
}

TEST(AdmitFormat, RefusesUnknownVersions) {
  const auto of_version = [](std::uint64_t version) {
    const Bytes fine = testing::add_model();
    return refusal_of(
        to_bytes(number(1, version) + std::string(as_text(ByteView(fine).subspan(2)))));
  };
  EXPECT_EQ(of_version(2), "ADM-FORMAT");
  EXPECT_EQ(of_version(3), "");
  EXPECT_EQ(of_version(13), "");
  EXPECT_EQ(of_version(14), "ADM-FORMAT");
}

TEST(AdmitFormat, RefusesAModelWithoutGraphOrOperatorSet) {
  EXPECT_EQ(refusal_of(to_bytes(number(1, 8) + import("", 13))), "ADM-SYNTAX");
  EXPECT_EQ(refusal_of(to_bytes(number(1, 8) + bytes(7, ""))), "ADM-SYNTAX");
}

TEST(AdmitFormat, RefusesTrailingOctets) {
  Bytes model = testing::add_model();
  model.push_back(0);
  EXPECT_EQ(refusal_of(model), "ADM-SYNTAX");
}

TEST(AdmitOperators, RefusesAnUnknownDomain) {
  const Message evil = add_node(node("Run", {"x"}, {"z"}, domain("evil.example")));
  EXPECT_EQ(refusal_of(identity_with(evil)), "ADM-DOMAIN");
  EXPECT_EQ(refusal_of(identity_with(evil, import("evil.example", 1))), "ADM-DOMAIN");
}

TEST(AdmitOperators, RefusesAKnownOperatorOfAForeignDomain) {
  for (const char* name :
       {"evil.example", "com.microsoft", "ai.onnx.ml", "ai.onnx.training", "AI.ONNX", " "})
    EXPECT_EQ(refusal_of(identity_with(add_node(node("Relu", {"x"}, {"z"}, domain(name))),
                                       import(name, 1))),
              "ADM-DOMAIN")
        << name;
  EXPECT_EQ(refusal_of(identity_with(add_node(node("Relu", {"x"}, {"z"}, domain("ai.onnx"))))), "");
}

TEST(AdmitOperators, RefusesWhatTheBuiltInListLeavesOut) {
  for (const char* name :
       {"RandomNormal", "StringNormalizer", "SequenceEmpty", "ImageDecoder", "Run", "relu"})
    EXPECT_EQ(refusal_of(identity_with(add_node(node(name, {}, {"z"})))), "ADM-OPERATOR") << name;
}

TEST(AdmitOperators, SaysWhichNodeAndHowToAllowIt) {
  const auto refused =
      admit_onnx(identity_with(add_node(node("Multinomial", {"x"}, {"z"}, bytes(3, "dice")))), {});
  ASSERT_FALSE(refused.has_value());
  EXPECT_NE(refused.error().cause.find("Multinomial of node 'dice'"), std::string::npos);
  EXPECT_NE(refused.error().hint.find("ai.onnx:Multinomial"), std::string::npos);
}

TEST(AdmitOperators, RefusesWhatTheContractDoesNotName) {
  AdmissionRules rules;
  rules.operators.emplace({OperatorId{"", "Identity"}});
  EXPECT_EQ(refusal_of(identity_with(""), rules), "");
  EXPECT_EQ(refusal_of(testing::add_model(), rules), "ADM-OPERATOR");
  rules.operators.emplace({OperatorId{"ai.onnx", "Add"}});
  EXPECT_EQ(refusal_of(testing::add_model(), rules), "");
  rules.operators.emplace();
  EXPECT_EQ(refusal_of(testing::add_model(), rules), "ADM-DOMAIN");
}

TEST(AdmitOperators, ChecksSubgraphsToo) {
  AdmissionRules rules;
  rules.operators.emplace({OperatorId{"", "Loop"}, OperatorId{"", "Identity"}});
  EXPECT_EQ(refusal_of(testing::endless_loop_model(), rules), "ADM-OPERATOR");
  rules.operators->push_back({"", "Add"});
  EXPECT_EQ(refusal_of(testing::endless_loop_model(), rules), "");
}

// Their kernels index arrays by attributes that nothing holds together.
TEST(AdmitOperators, RefusesSupportVectorMachinesByDefault) {
  for (const char* name : {"SVMClassifier", "SVMRegressor", "TreeEnsembleClassifier"})
    EXPECT_EQ(refusal_of(identity_with(add_node(node(name, {"x"}, {"z"}, domain("ai.onnx.ml"))),
                                       import("ai.onnx.ml", 3))),
              "ADM-DOMAIN");
}

TEST(AdmitOperators, RefusesASecondOrTooNewOperatorSet) {
  EXPECT_EQ(refusal_of(identity_with("", import("", 14))), "ADM-DOMAIN");
  EXPECT_EQ(refusal_of(identity_with("", import("ai.onnx", 14))), "ADM-DOMAIN");
  const Bytes fine = identity_with("");
  const Bytes newer =
      to_bytes(std::string(as_text(ByteView(fine).first(fine.size() - 4))) + import("", 22));
  EXPECT_EQ(refusal_of(newer), "ADM-LIMIT");
  AdmissionRules rules;
  rules.limits.opset_version = 22;
  EXPECT_EQ(refusal_of(newer, rules), "");
}

// 193: the index of onnx/docs/Operators.md without what came after operator set 21.
TEST(AdmitOperators, TheBuiltInListHasWhatOrdinaryModelsNeed) {
  for (const char* name : {"Conv",
                           "Gemm",
                           "MatMul",
                           "LSTM",
                           "GRU",
                           "LayerNormalization",
                           "Softmax",
                           "Gelu",
                           "Attention",
                           "QLinearConv",
                           "QLinearMatMul",
                           "MatMulInteger",
                           "ConvInteger",
                           "DynamicQuantizeLinear",
                           "QuantizeLinear",
                           "DequantizeLinear",
                           "If",
                           "Loop",
                           "Scan",
                           "Resize",
                           "Gather",
                           "Where"}) {
    const auto* const row = admission::standard_operator(name);
    if (std::string_view(name) == "Attention")
      EXPECT_EQ(row, nullptr);  // of operator set 23
    else
      EXPECT_TRUE(row != nullptr && row->left_out.empty()) << name;
  }
  EXPECT_EQ(admission::standard_operator("conv"), nullptr);
  EXPECT_EQ(admission::standard_operators().size(), 193U);
}

TEST(AdmitConfiguration, RefusesSettingsForTheRuntime) {
  const auto with_entry = [](std::string_view key) {
    return refusal_of(identity_with("", bytes(14, bytes(1, key) + bytes(2, "{}"))));
  };
  EXPECT_EQ(with_entry("ort_config"), "ADM-CONFIG");
  EXPECT_EQ(with_entry("author"), "");
  const Message entry = bytes(14, bytes(1, "author") + bytes(2, "x"));
  EXPECT_EQ(refusal_of(identity_with("", entry + entry)), "ADM-NAME");
}

TEST(AdmitTraining, RefusesTrainingInformation) {
  EXPECT_EQ(refusal_of(identity_with("", bytes(20, ""))), "ADM-TRAINING");
}

TEST(AdmitFunctions, RefusesModelLocalFunctions) {
  EXPECT_EQ(refusal_of(identity_with("", bytes(25, ""))), "ADM-FUNCTION");
  EXPECT_EQ(refusal_of(identity_with(add_node(node("Relu", {"x"}, {"z"}, bytes(8, "other"))))),
            "ADM-FUNCTION");
}

TEST(AdmitAttributes, RefusesWhatCanBeReadInTwoWays) {
  const auto with_attribute = [](std::string_view attribute) {
    return refusal_of(identity_with(add_node(node("Relu", {"x"}, {"z"}, bytes(5, attribute)))));
  };
  const Message alpha = bytes(1, "alpha");
  EXPECT_EQ(with_attribute(alpha + number(3, 1) + number(20, 2)), "");
  EXPECT_EQ(with_attribute(alpha + number(20, 2)), "");  // proto3 leaves a zero out
  EXPECT_EQ(with_attribute(alpha + number(3, 1) + number(20, 7)), "ADM-SYNTAX");
  EXPECT_EQ(with_attribute(alpha + number(3, 1)), "ADM-SYNTAX");
  EXPECT_EQ(with_attribute(alpha + number(3, 1) + bytes(4, "s") + number(20, 2)), "ADM-SYNTAX");
  EXPECT_EQ(with_attribute(alpha + number(20, 4)), "ADM-SYNTAX");
  EXPECT_EQ(with_attribute(alpha + number(20, 99)), "ADM-SYNTAX");
  EXPECT_EQ(with_attribute(alpha + bytes(21, "other") + number(20, 2)), "ADM-SYNTAX");
  EXPECT_EQ(with_attribute(number(3, 1) + number(20, 2)), "ADM-NAME");
  EXPECT_EQ(refusal_of(identity_with(add_node(
                node("Relu", {"x"}, {"z"}, attribute("alpha", 1) + attribute("alpha", 2))))),
            "ADM-NAME");
}

TEST(AdmitMemory, RefusesAnEstimateAtTheCeiling) {
  const Bytes model = identity_with_tensor(tensor("w", kFloat, {2, 64}, std::string(512, 'w')));
  const auto facts = admit_onnx(model, {});
  ASSERT_TRUE(facts.has_value());
  // The file, the tensor, x and y of one element each.
  EXPECT_EQ(facts->estimated_memory, model.size() + 512 + 4 + 4);
  AdmissionRules rules;
  rules.memory_octets = facts->estimated_memory;
  EXPECT_EQ(refusal_of(model, rules), "ADM-MEMORY");
  ++rules.memory_octets;
  EXPECT_EQ(refusal_of(model, rules), "");
}

TEST(AdmitMemory, CountsTheLargestValueInBetween) {
  const auto estimate = [](std::string_view graph) {
    const Bytes model = identity_with(graph);
    const auto facts = admit_onnx(model, {});
    return facts.has_value() ? facts->estimated_memory - model.size() : 0;
  };
  const Message relu = add_node(node("Relu", {"x"}, {"r"})) + add_node(node("Relu", {"r"}, {"s"}));
  const Message declared =
      bytes(13, value_info("r", kFloat, {100})) + bytes(13, value_info("s", kFloat, {-1, 50}));
  EXPECT_EQ(estimate(relu), 4U + 4);
  EXPECT_EQ(estimate(relu + declared), 4U + 400);
  // What is stored or given is not counted again for being declared again.
  EXPECT_EQ(
      estimate(add_initializer(tensor("w", kFloat, {2}, "12345678")) +
               bytes(13, value_info("w", kFloat, {2})) + bytes(13, value_info("x", kFloat, {-1}))),
      8U + 4 + 4);
}

TEST(AdmitMemory, RefusesADeclaredValueAboveTheCeiling) {
  const auto declared = [](std::int64_t size) {
    return refusal_of(identity_with(bytes(13, value_info("v", kFloat, {size, 1024}))));
  };
  EXPECT_EQ(declared(1024), "");
  EXPECT_EQ(declared(128 * 1024), "ADM-MEMORY");
}

TEST(Admit, SaysWhatAModelIs) {
  const auto facts = admit_onnx(testing::endless_loop_model(), {});
  ASSERT_TRUE(facts.has_value()) << describe(facts.error());
  EXPECT_EQ(facts->ir_version, 8);
  EXPECT_EQ(facts->opsets, (std::vector<OpsetImport>{{"", 13}}));
  EXPECT_EQ(facts->operators,
            (std::vector<OperatorUse>{{{"", "Add"}, 1}, {{"", "Identity"}, 1}, {{"", "Loop"}, 1}}));
  EXPECT_EQ(facts->nodes, 3U);
  EXPECT_EQ(facts->tensors, 2U);
  EXPECT_EQ(facts->tensor_octets, 9U);
  EXPECT_EQ(facts->graph_depth, 2U);
  EXPECT_EQ(facts->inputs, (std::vector<TensorInfo>{{"x", DataType::fp32, {-1}}}));
  EXPECT_EQ(facts->outputs, (std::vector<TensorInfo>{{"y", DataType::fp32, {-1}}}));
}

TEST(Admit, AdmitsARealModel) {
  const auto model = read_file(std::string(VEDETTE_MODELS_DIR) + "/silero_vad_v5.onnx", 64U << 20U);
  if (!model) GTEST_SKIP() << "silero_vad_v5.onnx is not in " VEDETTE_MODELS_DIR;
  AdmissionRules rules;
  rules.inputs = {{"input", DataType::fp32, {-1, -1}},
                  {"state", DataType::fp32, {2, -1, 128}},
                  {"sr", DataType::int64, {}}};
  rules.outputs = {{"output", DataType::fp32, {-1, 1}}, {"stateN", DataType::fp32, {-1, -1, -1}}};
  const auto facts = admit_onnx(*model, rules);
  ASSERT_TRUE(facts.has_value()) << describe(facts.error());
  EXPECT_EQ(facts->opsets, (std::vector<OpsetImport>{{"", 16}}));
  EXPECT_EQ(facts->nodes, 689U);
  EXPECT_EQ(facts->graph_depth, 5U);
  EXPECT_EQ(facts->operators.size(), 25U);
  EXPECT_EQ(facts->tensors, 345U);
  EXPECT_EQ(facts->tensor_octets, 2'183'656U);
  EXPECT_EQ(facts->inputs, rules.inputs);
  EXPECT_EQ(facts->outputs, rules.outputs);
  EXPECT_LT(facts->estimated_memory, 8U << 20U);
}

}  // namespace
}  // namespace vedette::inference
