// Names, order, nesting and numbers.
#include <chrono>

#include <gtest/gtest.h>

#include "inference/admission/refusal.h"

namespace vedette::inference {
namespace {

using namespace testing::onnx;

TEST(Names, RefusesTwoValuesOfOneName) {
  const Message relu = add_node(node("Relu", {"x"}, {"z"}));
  EXPECT_EQ(refusal_of(identity_with(relu)), "");
  EXPECT_EQ(refusal_of(identity_with(relu + relu)), "ADM-NAME");
  EXPECT_EQ(refusal_of(identity_with(add_node(node("Relu", {"x"}, {"x"})))), "ADM-NAME");
  EXPECT_EQ(refusal_of(identity_with(add_node(node("Split", {"x"}, {"a", "a"})))), "ADM-NAME");
  EXPECT_EQ(refusal_of(identity_with(add_input(value_info("x", kFloat, {-1})))), "ADM-NAME");
  const Message weights = add_initializer(tensor("w", kFloat, {1}, "1234"));
  EXPECT_EQ(refusal_of(identity_with(weights + weights)), "ADM-NAME");
  EXPECT_EQ(refusal_of(identity_with(weights + add_node(node("Relu", {"x"}, {"w"})))), "ADM-NAME");
  const Message declared = bytes(13, value_info("v", kFloat, {1}));
  EXPECT_EQ(refusal_of(identity_with(declared + declared)), "ADM-NAME");
}

TEST(Names, RefusesCycles) {
  EXPECT_EQ(refusal_of(identity_with(add_node(node("Add", {"x", "b"}, {"a"})) +
                                     add_node(node("Relu", {"a"}, {"b"})))),
            "ADM-NAME");
  EXPECT_EQ(refusal_of(identity_with(add_node(node("Relu", {"a"}, {"a"})))), "ADM-NAME");
}

TEST(Names, RefusesAUseBeforeItsDefinition) {
  const Message first = add_node(node("Relu", {"x"}, {"a"}));
  const Message second = add_node(node("Relu", {"a"}, {"b"}));
  EXPECT_EQ(refusal_of(identity_with(first + second)), "");
  EXPECT_EQ(refusal_of(identity_with(second + first)), "ADM-NAME");
  EXPECT_EQ(refusal_of(identity_with(add_node(node("Relu", {"nowhere"}, {"a"})))), "ADM-NAME");
}

TEST(Names, RefusesNamelessThings) {
  EXPECT_EQ(refusal_of(identity_with_tensor(tensor("", kFloat, {1}, "1234"))), "ADM-NAME");
  EXPECT_EQ(refusal_of(identity_with(add_node(node("", {"x"}, {"z"})))), "ADM-NAME");
  EXPECT_EQ(refusal_of(identity_with(add_node(node("Clip", {"x", "", ""}, {"z"})))), "");
}

TEST(Names, RefusesAnOutputThatNothingMakes) {
  EXPECT_EQ(refusal_of(identity_with(add_output(value_info("z", kFloat, {-1})))), "ADM-NAME");
}

TEST(Names, RefusesGiantStrings) {
  const std::string giant(std::size_t{1} << 20U, 'a');
  EXPECT_EQ(refusal_of(identity_with(add_node(node("Relu", {"x"}, {giant})))), "ADM-NAME");
  EXPECT_EQ(refusal_of(identity_with(bytes(10, giant))), "ADM-LIMIT");  // doc_string
  EXPECT_EQ(refusal_of(identity_with("", bytes(14, bytes(1, "k") + bytes(2, giant)))), "ADM-LIMIT");
}

// A body's names end with it: another body may use them again, the graph around may not.
TEST(Names, OfABodyAreNotSeenOutside) {
  const Message yes = add_initializer(tensor("yes", kBool, {}, std::string_view("\1", 1)));
  const Message branch =
      add_node(node("Relu", {"x"}, {"t"})) + add_output(value_info("t", kFloat, {-1}));
  const Message both =
      graph_attribute("then_branch", branch) + graph_attribute("else_branch", branch);
  EXPECT_EQ(refusal_of(identity_with(yes + add_node(node("If", {"yes"}, {"z"}, both)))), "");
  EXPECT_EQ(refusal_of(identity_with(yes + add_node(node("If", {"yes"}, {"z"}, both)) +
                                     add_node(node("Relu", {"t"}, {"u"})))),
            "ADM-NAME");
}

TEST(Names, RefusesABodyThatHidesAnOuterName) {
  const Message yes = add_initializer(tensor("yes", kBool, {}, std::string_view("\1", 1)));
  const auto with_branch = [&](std::string_view branch) {
    const Message both =
        graph_attribute("then_branch", branch) + graph_attribute("else_branch", branch);
    return refusal_of(identity_with(yes + add_node(node("If", {"yes"}, {"z"}, both))));
  };
  EXPECT_EQ(
      with_branch(add_node(node("Relu", {"x"}, {"x"})) + add_output(value_info("x", kFloat, {-1}))),
      "ADM-NAME");
  EXPECT_EQ(with_branch(add_initializer(tensor("x", kFloat, {1}, "1234")) +
                        add_output(value_info("x", kFloat, {-1}))),
            "ADM-NAME");
  // The runtime refuses an outer value as a body's output.
  EXPECT_EQ(with_branch(add_output(value_info("x", kFloat, {-1}))), "ADM-NAME");
}

// If within If within If ...
Bytes nested_ifs(unsigned depth) {
  Message graph = add_node(node("Relu", {"x"}, {"r" + std::to_string(depth)})) +
                  add_output(value_info("r" + std::to_string(depth), kFloat, {-1}));
  for (unsigned i = depth - 1; i > 1; --i) {
    const std::string result = "r" + std::to_string(i);
    graph = add_node(node("If", {"yes"}, {result}, graph_attribute("then_branch", graph))) +
            add_output(value_info(result, kFloat, {-1}));
  }
  return identity_with(add_initializer(tensor("yes", kBool, {}, std::string_view("\1", 1))) +
                       add_node(node("If", {"yes"}, {"z"}, graph_attribute("then_branch", graph))));
}

TEST(Limits, RefusesGraphsThatNestTooDeeply) {
  EXPECT_EQ(refusal_of(nested_ifs(8)), "");
  EXPECT_EQ(refusal_of(nested_ifs(9)), "ADM-LIMIT");
  EXPECT_EQ(refusal_of(nested_ifs(1000)), "ADM-LIMIT");
}

Message many_nodes(unsigned count) {
  Message nodes;
  for (unsigned i = 0; i < count; ++i)
    nodes += add_node(node("Relu", {"x"}, {"v" + std::to_string(i)}));
  return nodes;
}

TEST(Limits, RefusesAHundredThousandNodesBeforeItReadsThem) {
  EXPECT_EQ(refusal_of(identity_with(many_nodes(19'999))), "");
  const Bytes bomb = identity_with(many_nodes(100'000));
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(refusal_of(bomb), "ADM-LIMIT");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));  // busy, sanitized
  Message unreadable;
  for (int i = 0; i < 100'000; ++i)
    unreadable += add_node("\xFF");
  EXPECT_EQ(refusal_of(identity_with(add_node("\xFF"))), "ADM-SYNTAX");
  EXPECT_EQ(refusal_of(identity_with(unreadable)), "ADM-LIMIT");
}

TEST(Limits, CountOverAllGraphs) {
  AdmissionRules rules;
  rules.limits.nodes = 3;
  EXPECT_EQ(refusal_of(testing::endless_loop_model(), rules), "");
  rules.limits.nodes = 2;
  EXPECT_EQ(refusal_of(testing::endless_loop_model(), rules), "ADM-LIMIT");
  rules = {};
  rules.limits.initializers = 1;
  EXPECT_EQ(refusal_of(testing::endless_loop_model(), rules), "ADM-LIMIT");
  rules = {};
  rules.limits.values = 5;
  EXPECT_EQ(refusal_of(testing::endless_loop_model(), rules), "ADM-LIMIT");
  rules = {};
  rules.limits.attributes = 0;
  EXPECT_EQ(refusal_of(testing::endless_loop_model(), rules), "ADM-LIMIT");
  rules = {};
  rules.limits.model_octets = 10;
  EXPECT_EQ(refusal_of(testing::endless_loop_model(), rules), "ADM-LIMIT");
  rules = {};
  rules.limits.opset_imports = 1;
  EXPECT_EQ(refusal_of(identity_with("", import("ai.onnx.ml", 3)), rules), "ADM-LIMIT");
}

TEST(Limits, RefusesNodesOfManyPartsAndAttributesOfManyTensors) {
  Message attributes;
  for (int i = 0; i < 65; ++i)
    attributes += attribute("a" + std::to_string(i), i);
  EXPECT_EQ(refusal_of(identity_with(add_node(node("Relu", {"x"}, {"z"}, attributes)))),
            "ADM-LIMIT");
  Message inputs;
  for (int i = 0; i < 4097; ++i)
    inputs += bytes(1, "x");
  EXPECT_EQ(refusal_of(identity_with(add_node(node("Sum", {}, {"z"}, inputs)))), "ADM-LIMIT");
  Message tensors;
  for (int i = 0; i < 66; ++i)
    tensors += bytes(10, tensor("", kFloat, {1}, "1234"));
  const Message list = bytes(5, bytes(1, "list") + tensors + number(20, 9));
  EXPECT_EQ(refusal_of(identity_with(add_node(node("Relu", {"x"}, {"z"}, list)))), "ADM-LIMIT");
}

}  // namespace
}  // namespace vedette::inference
