// MatMulNBits::PrePack read as much as its attributes said, whatever B held.
#include <gtest/gtest.h>

#include "inference/admission/refusal.h"

namespace vedette::inference {
namespace {

using namespace testing::onnx;

struct Packed {
  std::int64_t rows = 4;
  std::int64_t columns = 64;
  std::int64_t bits = 4;
  std::int64_t block = 32;
  std::size_t weights = 4 * 2 * 16;  // octets of B
  std::size_t scales = 4 * 2;
  std::size_t zero_points = 4 * 1;
  std::size_t bias = 4;
};

Message stored(std::string_view name, std::uint64_t type, std::size_t count, std::size_t width) {
  return add_initializer(
      tensor(name, type, {static_cast<std::int64_t>(count)}, std::string(count * width, '\1')));
}

std::string refusal_of_packed(const Packed& packed, std::string_view weights_name = "B") {
  AdmissionRules rules;
  rules.operators.emplace({OperatorId{"com.microsoft", "MatMulNBits"}, OperatorId{"", "Identity"}});
  const Message multiply =
      node("MatMulNBits", {"x", weights_name, "scales", "zero", "", "bias"}, {"z"},
           domain("com.microsoft") + attribute("N", packed.rows) + attribute("K", packed.columns) +
               attribute("bits", packed.bits) + attribute("block_size", packed.block));
  return refusal_of(identity_with(stored("B", kUint8, packed.weights, 1) +
                                      stored("scales", kFloat, packed.scales, 4) +
                                      stored("zero", kUint8, packed.zero_points, 1) +
                                      stored("bias", kFloat, packed.bias, 4) + add_node(multiply),
                                  import("com.microsoft", 1)),
                    rules);
}

TEST(PackedWeights, AreAdmittedWhenTheyFit) {
  EXPECT_EQ(refusal_of_packed({}), "");
}

TEST(PackedWeights, RefuseAttributesThatOverstateThem) {
  for (const auto change : {
           +[](Packed& p) { p.rows = 5; },
           +[](Packed& p) { p.columns = 96; },
           +[](Packed& p) { p.bits = 8; },
           +[](Packed& p) { p.block = 64; },
           +[](Packed& p) { p.weights -= 1; },
           +[](Packed& p) { p.weights += 1; },
           +[](Packed& p) { p.scales -= 1; },
           +[](Packed& p) { p.zero_points -= 1; },
           +[](Packed& p) { p.bias -= 1; },
       }) {
    Packed packed;
    change(packed);
    EXPECT_EQ(refusal_of_packed(packed), "ADM-SHAPE");
  }
}

TEST(PackedWeights, RefuseAttributesThatCannotBe) {
  for (const auto change : {
           +[](Packed& p) { p.rows = -4; },
           +[](Packed& p) { p.rows = 1LL << 62U; },
           +[](Packed& p) { p.columns = 0; },
           +[](Packed& p) { p.columns = INT64_MAX; },
           +[](Packed& p) { p.bits = 3; },
           +[](Packed& p) { p.bits = 1LL << 60U; },
           +[](Packed& p) { p.block = 0; },
           +[](Packed& p) { p.block = 24; },
           +[](Packed& p) { p.block = INT64_MIN; },
       }) {
    Packed packed;
    change(packed);
    EXPECT_EQ(refusal_of_packed(packed), "ADM-SHAPE");
  }
}

TEST(PackedWeights, RefuseToComeFromACaller) {
  EXPECT_EQ(refusal_of_packed({}, "x"), "ADM-SHAPE");
  EXPECT_EQ(refusal_of_packed({}, ""), "ADM-SHAPE");
}

}  // namespace
}  // namespace vedette::inference
