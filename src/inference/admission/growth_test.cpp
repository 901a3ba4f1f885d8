// Small models that make large tensors.
#include <gtest/gtest.h>

#include "inference/admission/refusal.h"

namespace vedette::inference {
namespace {

using namespace testing::onnx;
using Integers = std::vector<std::int64_t>;

Message sizes(std::string_view name, const Integers& values) {
  return add_initializer(
      tensor(name, kInt64, {static_cast<std::int64_t>(values.size())}, little_endian(values)));
}
Message small(std::string_view name, const Integers& shape) {
  return bytes(13, value_info(name, kFloat, shape));  // declared
}

std::string refusal_of_node(std::string_view op, Names inputs, std::string_view before,
                            std::string_view rest = {}) {
  return refusal_of(identity_with(Message(before) + add_node(node(op, inputs, {"z"}, rest))));
}

TEST(Growth, RefusesConstantOfShapeBombs) {
  EXPECT_EQ(refusal_of_node("ConstantOfShape", {"s"}, sizes("s", {1024, 1024})), "");
  EXPECT_EQ(refusal_of_node("ConstantOfShape", {"s"}, sizes("s", {1024, 128 * 1024})),
            "ADM-MEMORY");
  EXPECT_EQ(refusal_of_node("ConstantOfShape", {"s"}, sizes("s", {1LL << 62U, 4})), "ADM-MEMORY");
  EXPECT_EQ(refusal_of_node("ConstantOfShape", {"s"}, sizes("s", {-4})), "ADM-SHAPE");
  Integers many(17, 1);
  many[3] = 1LL << 40U;  // not to be overlooked among many
  EXPECT_EQ(refusal_of_node("ConstantOfShape", {"s"}, sizes("s", many)), "ADM-SHAPE");
  // 200 million: as octets they fit, as FP64 they do not.
  const auto filled = [](std::uint64_t type, std::string_view one) {
    return refusal_of_node("ConstantOfShape", {"s"}, sizes("s", {200'000'000}),
                           tensor_attribute("value", tensor("", type, {1}, one)));
  };
  EXPECT_EQ(filled(kUint8, "1"), "");
  EXPECT_EQ(filled(11, "12345678"), "ADM-MEMORY");
}

TEST(Growth, SeesSizesThatAConstantMakes) {
  const auto bomb = [](std::string_view attribute) {
    return refusal_of(identity_with(add_node(node("Constant", {}, {"s"}, attribute)) +
                                    add_node(node("ConstantOfShape", {"s"}, {"z"}))));
  };
  EXPECT_EQ(bomb(tensor_attribute("value", tensor("", kInt64, {1}, little_endian({1LL << 40U})))),
            "ADM-MEMORY");
  const Message list = bytes(8, varint(1U << 20U) + varint(1U << 20U));  // packed
  EXPECT_EQ(bomb(bytes(5, bytes(1, "value_ints") + list + number(20, 7))), "ADM-MEMORY");
}

TEST(Growth, SeesSizesFromTheGraphAround) {
  const Message body =
      add_node(node("ConstantOfShape", {"s"}, {"t"})) + add_output(value_info("t", kFloat, {-1}));
  EXPECT_EQ(
      refusal_of_node("If", {"yes"},
                      sizes("s", {1LL << 40U}) +
                          add_initializer(tensor("yes", kBool, {}, std::string_view("\1", 1))),
                      graph_attribute("then_branch", body)),
      "ADM-MEMORY");
}

TEST(Growth, RefusesExpandBombs) {
  EXPECT_EQ(refusal_of_node("Expand", {"x", "s"}, sizes("s", {1000})), "");
  EXPECT_EQ(refusal_of_node("Expand", {"x", "s"}, sizes("s", {1LL << 30U})), "ADM-MEMORY");
  // 64 Ki rows that x declares, 64 Ki columns of the target.
  const Message column = add_input(value_info("c", kFloat, {65536, 1}));
  EXPECT_EQ(refusal_of_node("Expand", {"c", "s"}, column + sizes("s", {16})), "");
  EXPECT_EQ(refusal_of_node("Expand", {"c", "s"}, column + sizes("s", {65536})), "ADM-MEMORY");
}

TEST(Growth, RefusesTileBombs) {
  EXPECT_EQ(refusal_of_node("Tile", {"x", "s"}, sizes("s", {1000})), "");
  EXPECT_EQ(refusal_of_node("Tile", {"x", "s"}, sizes("s", {1LL << 30U})), "ADM-MEMORY");
  EXPECT_EQ(refusal_of_node("Tile", {"x", "s"}, sizes("s", {-1})), "ADM-SHAPE");
  // Three steps of a thousand each.
  const Message steps = sizes("s", {1000}) + add_node(node("Tile", {"x", "s"}, {"a"})) +
                        add_node(node("Tile", {"a", "s"}, {"b"}));
  EXPECT_EQ(refusal_of(identity_with(steps)), "");
  EXPECT_EQ(refusal_of(identity_with(steps + add_node(node("Tile", {"b", "s"}, {"c"})))),
            "ADM-MEMORY");
}

TEST(Growth, RefusesResizeAndUpsampleBombs) {
  const Message picture = add_input(value_info("p", kFloat, {1, 3, 32, 32}));
  EXPECT_EQ(refusal_of_node("Resize", {"p", "", "", "s"}, picture + sizes("s", {1, 3, 64, 64})),
            "");
  EXPECT_EQ(
      refusal_of_node("Resize", {"p", "", "", "s"}, picture + sizes("s", {1, 3, 65536, 65536})),
      "ADM-MEMORY");
  // FLOAT 1, 1, 2^15, 2^15
  const Message scales = add_initializer(tensor(
      "f", kFloat, {4}, std::string_view("\0\0\x80\x3F\0\0\x80\x3F\0\0\0\x47\0\0\0\x47", 16)));
  EXPECT_EQ(refusal_of_node("Resize", {"p", "", "f"}, picture + scales), "ADM-MEMORY");
  EXPECT_EQ(refusal_of_node("Upsample", {"p", "f"}, picture + scales), "ADM-MEMORY");
}

TEST(Growth, RefusesRangeBombs) {
  const auto counted = [](std::int64_t limit) {
    return refusal_of_node("Range", {"a", "b", "c"},
                           sizes("a", {0}) + sizes("b", {limit}) + sizes("c", {1}));
  };
  EXPECT_EQ(counted(1000), "");
  EXPECT_EQ(counted(-1000), "");
  EXPECT_EQ(counted(1LL << 30U), "ADM-MEMORY");
  EXPECT_EQ(counted(INT64_MAX), "ADM-MEMORY");
}

// What the model computes is not estimated: the cage's memory limit is there for that.
TEST(Growth, DoesNotJudgeComputedSizes) {
  EXPECT_EQ(refusal_of(testing::expand_model()), "");
  EXPECT_EQ(refusal_of(identity_with(small("v", {-1}) + add_node(node("Shape", {"x"}, {"s"})) +
                                     add_node(node("ConstantOfShape", {"s"}, {"v"})))),
            "");
}

}  // namespace
}  // namespace vedette::inference
