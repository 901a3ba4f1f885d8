#include "inference/admission/quantised.h"

#include <bit>

namespace vedette::inference::admission {
namespace {

constexpr std::int64_t kMaxSide = std::int64_t{1} << 30U;  // of a weight matrix

std::unexpected<Error> refuse_packed(const ScannedNode& node, std::string_view why) {
  return refuse("ADM-SHAPE", "packed weights of the model do not fit their attributes",
                describe(node) + ": " + std::string(why));
}

struct Packing {
  std::int64_t rows = 0;     // N
  std::int64_t columns = 0;  // K
  std::int64_t bits = 0;     // of one weight
  std::int64_t block = 0;    // weights that share a scale
  std::int64_t blocks_per_row = 0;
};

Result<Packing> packing_of(const ScannedNode& node) {
  Packing packing;
  packing.rows = node.integer("N").value_or(0);
  packing.columns = node.integer("K").value_or(0);
  packing.bits = node.integer("bits").value_or(4);
  packing.block = node.integer("block_size").value_or(0);
  if (packing.rows < 1 || packing.rows > kMaxSide || packing.columns < 1 ||
      packing.columns > kMaxSide)
    return refuse_packed(node, "K and N must be 1 to 2^30");
  if (packing.bits != 2 && packing.bits != 4 && packing.bits != 8)
    return refuse_packed(node, "bits must be 2, 4 or 8");
  if (packing.block < 16 || packing.block > 4096 ||
      !std::has_single_bit(static_cast<std::uint64_t>(packing.block)))
    return refuse_packed(node, "block_size must be a power of two, 16 to 4096");
  packing.blocks_per_row = (packing.columns + packing.block - 1) / packing.block;
  return packing;
}

struct Input {
  std::size_t index;
  std::string_view name;
};

// The number of elements of a stored input; nothing for one that is left out.
Result<std::optional<std::int64_t>> stored(const ScannedNode& node, const Scope& scope,
                                           Input input) {
  if (input.index >= node.inputs.size() || node.inputs[input.index].empty()) return std::nullopt;
  const Value* const value = scope.find(node.inputs[input.index]);
  if (value == nullptr || !value->constant)
    return refuse_packed(node, std::string(input.name) + " must be stored in the model");
  VEDETTE_TRY(const std::uint64_t count, count_elements(*value->type.shape, Negative::refused));
  return static_cast<std::int64_t>(count);
}

Result<void> check_count(const ScannedNode& node, Input input, std::optional<std::int64_t> has,
                         std::int64_t needs) {
  if (!has || *has == needs) return {};
  return refuse_packed(node, std::string(input.name) + " needs " + std::to_string(needs) +
                                 " elements, has " + std::to_string(*has));
}

std::int32_t element_number(const ScannedNode& node, const Scope& scope, std::size_t index) {
  return scope.find(node.inputs[index])->type.element->number;
}

Result<void> check_weights(const ScannedNode& node, const Scope& scope, const Packing& packing) {
  constexpr Input kWeights{1, "B"};
  constexpr Input kScales{2, "scales"};
  VEDETTE_TRY(const auto weights, stored(node, scope, kWeights));
  VEDETTE_TRY(const auto scales, stored(node, scope, kScales));
  if (!weights || !scales) return refuse_packed(node, "B and scales are needed");
  if (element_number(node, scope, kWeights.index) != kUint8)
    return refuse_packed(node, "B must be UINT8");
  const std::int64_t blocks = packing.rows * packing.blocks_per_row;
  VEDETTE_CHECK(check_count(node, kWeights, weights, blocks * (packing.block * packing.bits / 8)));
  return check_count(node, kScales, scales, blocks);
}

Result<void> check_rest(const ScannedNode& node, const Scope& scope, const Packing& packing) {
  constexpr Input kZeroPoints{3, "zero_points"};
  constexpr Input kGroups{4, "g_idx"};
  constexpr Input kBias{5, "bias"};
  VEDETTE_TRY(const auto zero_points, stored(node, scope, kZeroPoints));
  VEDETTE_TRY(const auto groups, stored(node, scope, kGroups));
  VEDETTE_TRY(const auto bias, stored(node, scope, kBias));
  // Packed like the weights, or one of the scales' type for each block.
  const bool packed = zero_points && element_number(node, scope, kZeroPoints.index) == kUint8;
  const std::int64_t per_row =
      packed ? (packing.blocks_per_row * packing.bits + 7) / 8 : packing.blocks_per_row;
  VEDETTE_CHECK(check_count(node, kZeroPoints, zero_points, packing.rows * per_row));
  const std::int64_t padded = packing.blocks_per_row * packing.block;
  VEDETTE_CHECK(check_count(node, kGroups, groups, groups == padded ? padded : packing.columns));
  return check_count(node, kBias, bias, packing.rows);
}

}  // namespace

Result<void> check_packed_weights(const ScannedNode& node, const Scope& scope) {
  if (node.domain != "com.microsoft" || node.operator_name != "MatMulNBits") return {};
  VEDETTE_TRY(const Packing packing, packing_of(node));
  VEDETTE_CHECK(check_weights(node, scope, packing));
  return check_rest(node, scope, packing);
}

}  // namespace vedette::inference::admission
