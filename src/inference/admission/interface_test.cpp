// Inputs and outputs against the cage and against the contract.
#include <gtest/gtest.h>

#include "inference/admission/refusal.h"

namespace vedette::inference {
namespace {

using namespace testing::onnx;

Bytes identity_of(std::string_view input, std::string_view output) {
  return model(add_node(node("Identity", {"x"}, {"y"})) + add_input(input) + add_output(output));
}

TEST(ModelInterface, RefusesStringsAndTypesThatDoNotCross) {
  const Message output = value_info("y", kFloat, {1});
  for (const std::uint64_t type : {8U, 14U, 15U, 16U, 17U, 22U})
    EXPECT_EQ(refusal_of(identity_of(value_info("x", type, {1}), output)), "ADM-IO") << type;
  EXPECT_EQ(refusal_of(identity_of(value_info("x", kFloat, {1}), value_info("y", kString, {1}))),
            "ADM-IO");
}

TEST(ModelInterface, RefusesWhatIsNoDenseTensor) {
  const Message element = bytes(1, bytes(1, number(1, kFloat)));  // {1: TypeProto}
  for (const unsigned kind : {4U, 9U})                            // sequence, optional
    EXPECT_EQ(refusal_of(identity_of(bytes(1, "x") + bytes(2, bytes(kind, element)),
                                     value_info("y", kFloat, {1}))),
              "ADM-IO");
  EXPECT_EQ(refusal_of(identity_of(bytes(1, "x"), value_info("y", kFloat, {1}))), "ADM-IO");
  // Without a shape nobody knows how many dimensions a caller may choose.
  EXPECT_EQ(refusal_of(identity_of(bytes(1, "x") + bytes(2, bytes(1, number(1, kFloat))),
                                   value_info("y", kFloat, {1}))),
            "ADM-IO");
}

TEST(ModelInterface, RefusesTooManyDimensionsNamesAndTensors) {
  const std::vector<std::int64_t> nine(9, 1);
  EXPECT_EQ(refusal_of(identity_of(value_info("x", kFloat, nine), value_info("y", kFloat, nine))),
            "ADM-IO");
  const std::string name(129, 'x');
  EXPECT_EQ(refusal_of(model(add_node(node("Identity", {name}, {"y"})) +
                             add_input(value_info(name, kFloat, {1})) +
                             add_output(value_info("y", kFloat, {1})))),
            "ADM-IO");
  Message many;
  for (int i = 0; i < 64; ++i)
    many += add_input(value_info("x" + std::to_string(i), kFloat, {1}));
  EXPECT_EQ(refusal_of(identity_with(many)), "ADM-IO");
  EXPECT_EQ(refusal_of(identity_with(add_output(value_info("y", kFloat, {-1})))), "ADM-IO");
}

TEST(ModelInterface, InitializersAreNoInputs) {
  const auto facts = admit_onnx(identity_with(add_initializer(tensor("w", kFloat, {1}, "1234")) +
                                              add_input(value_info("w", kFloat, {1}))),
                                {});
  ASSERT_TRUE(facts.has_value());
  EXPECT_EQ(facts->inputs.size(), 1U);
}

std::string against(const TensorInfo& input) {
  AdmissionRules rules;
  rules.inputs = {input};
  const Message x = value_info("x", kFloat, {2, -1});
  return refusal_of(identity_of(x, value_info("y", kFloat, {2, -1})), rules);
}

TEST(Contract, RefusesOtherInputsThanItDeclares) {
  EXPECT_EQ(against({"x", DataType::fp32, {2, -1}}), "");
  EXPECT_EQ(against({"x", DataType::fp32, {-1, -1}}), "");
  EXPECT_EQ(against({"x", DataType::fp32, {2, 5}}), "ADM-IO");  // the model does not fix it
  EXPECT_EQ(against({"x", DataType::fp32, {3, -1}}), "ADM-IO");
  EXPECT_EQ(against({"x", DataType::fp32, {2}}), "ADM-IO");
  EXPECT_EQ(against({"x", DataType::fp16, {2, -1}}), "ADM-IO");
  EXPECT_EQ(against({"z", DataType::fp32, {2, -1}}), "ADM-IO");
}

TEST(Contract, RefusesMissingAndFurtherTensors) {
  AdmissionRules rules;
  rules.outputs = std::vector<TensorInfo>{};
  EXPECT_EQ(refusal_of(identity_with(""), rules), "ADM-IO");
  rules.outputs = {{"y", DataType::fp32, {-1}}, {"z", DataType::fp32, {-1}}};
  EXPECT_EQ(refusal_of(identity_with(""), rules), "ADM-IO");
  rules.outputs->pop_back();
  EXPECT_EQ(refusal_of(identity_with(""), rules), "");
}

}  // namespace
}  // namespace vedette::inference
