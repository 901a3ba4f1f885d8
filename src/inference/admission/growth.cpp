#include "inference/admission/growth.h"

#include <algorithm>
#include <cmath>

namespace vedette::inference::admission {
namespace {

using Shape = std::vector<std::int64_t>;

const Value* input(const ScannedNode& node, const Scope& scope, std::size_t index) {
  return index < node.inputs.size() && !node.inputs[index].empty() ? scope.find(node.inputs[index])
                                                                   : nullptr;
}

// The numbers of a constant input, if it is one and has few.
const Shape* sizes(const ScannedNode& node, const Scope& scope, std::size_t index) {
  const Value* const value = input(node, scope, index);
  if (value == nullptr || !value->constant || value->type.element->number != kInt64 ||
      value->integers.empty())
    return nullptr;
  return &value->integers;
}

ValueType type_of(const Value* value) {
  return value == nullptr ? ValueType{} : value->type;
}

// left * right, an unknown one counting as 1; capped where no tensor could be so large.
std::int64_t times(std::int64_t left, std::int64_t right) {
  constexpr auto kCap = static_cast<std::int64_t>(kMaxElements) + 1;
  left = left == -1 ? 1 : std::min(left, kCap);
  right = std::min(right, kCap);
  if (left == 0 || right == 0) return 0;
  return left > kCap / right ? kCap : left * right;
}

Value constant(const ScannedNode& node) {
  if (const auto* tensor = node.attribute("value"); tensor != nullptr && !tensor->tensors.empty())
    return Value::of(tensor->tensors.front());
  Value value;
  if (const auto number = node.integer("value_int"))
    value = {{element_of(kInt64), Shape{}}, {*number}, {}, true};
  if (const auto* list = node.attribute("value_ints"))
    value = {{element_of(kInt64), Shape{static_cast<std::int64_t>(list->integer_count)}},
             list->integers,
             {},
             true};
  return value;
}

std::optional<Shape> constant_of_shape(const ScannedNode& node, const Scope& scope) {
  const Shape* const shape = sizes(node, scope, 0);
  return shape == nullptr ? std::nullopt : std::optional(*shape);
}

ValueType constant_of_shape_type(const ScannedNode& node) {
  const auto* const fill = node.attribute("value");
  const bool typed = fill != nullptr && !fill->tensors.empty();
  return {typed ? fill->tensors.front().element : element_of(kFloat), std::nullopt};
}

// Both shapes are aligned at their last dimension, and each dimension of 1 gives way.
std::optional<Shape> expand(const ScannedNode& node, const Scope& scope) {
  const Shape* const target = sizes(node, scope, 1);
  if (target == nullptr) return std::nullopt;
  const Shape own = type_of(input(node, scope, 0)).shape.value_or(Shape{});
  Shape result(std::max(own.size(), target->size()), 1);
  std::ranges::copy_backward(*target, result.end());
  for (std::size_t i = 0; i < own.size(); ++i) {
    std::int64_t& dimension = result[result.size() - own.size() + i];
    if (dimension == 1 && own[i] != -1) dimension = own[i];
  }
  return result;
}

std::optional<Shape> tile(const ScannedNode& node, const Scope& scope) {
  const Shape* const repeats = sizes(node, scope, 1);
  if (repeats == nullptr) return std::nullopt;
  Shape own = type_of(input(node, scope, 0)).shape.value_or(Shape(repeats->size(), -1));
  if (own.size() != repeats->size()) return std::nullopt;
  for (std::size_t i = 0; i < own.size(); ++i)
    own[i] = (*repeats)[i] < 0 ? (*repeats)[i] : times(own[i], (*repeats)[i]);
  return own;
}

// Resize has (X, roi, scales, sizes) since opset 11, (X, scales) before; so has Upsample.
std::optional<Shape> resize(const ScannedNode& node, const Scope& scope) {
  if (const Shape* const target = sizes(node, scope, 3)) return *target;
  const Value* const scales = input(node, scope, node.inputs.size() > 2 ? 2 : 1);
  if (scales == nullptr || scales->floats.empty()) return std::nullopt;
  Shape own = type_of(input(node, scope, 0)).shape.value_or(Shape(scales->floats.size(), -1));
  if (own.size() != scales->floats.size()) return std::nullopt;
  for (std::size_t i = 0; i < own.size(); ++i) {
    const double scaled = std::floor(static_cast<double>(own[i] == -1 ? 1 : own[i]) *
                                     static_cast<double>(scales->floats[i]));
    constexpr auto kTooLarge = static_cast<double>(kMaxElements) + 1;
    if (!(scaled >= 0)) return std::nullopt;
    own[i] = static_cast<std::int64_t>(std::min(scaled, kTooLarge));
  }
  return own;
}

std::optional<Shape> range(const ScannedNode& node, const Scope& scope) {
  const Shape* const start = sizes(node, scope, 0);
  const Shape* const limit = sizes(node, scope, 1);
  const Shape* const step = sizes(node, scope, 2);
  if (start == nullptr || limit == nullptr || step == nullptr || step->front() == 0)
    return std::nullopt;
  const double count =
      std::ceil((static_cast<double>(limit->front()) - static_cast<double>(start->front())) /
                static_cast<double>(step->front()));
  return Shape{static_cast<std::int64_t>(std::clamp(count, 0.0, 0x1p60))};
}

// Which input says how large the result is, one number for each dimension.
std::optional<std::size_t> sizes_input(std::string_view name) {
  if (name == "ConstantOfShape") return 0;
  if (name == "Expand" || name == "Tile") return 1;
  if (name == "Resize") return 3;
  return std::nullopt;
}

// More dimensions than are read here must not slip through as unknown ones.
Result<void> check_rank(const ScannedNode& node, const Scope& scope) {
  const auto index = sizes_input(node.operator_name);
  const Value* const value = index ? input(node, scope, *index) : nullptr;
  if (value == nullptr || !value->constant || value->type.element->number != kInt64) return {};
  VEDETTE_TRY(const std::uint64_t count, count_elements(*value->type.shape, Negative::refused));
  if (count <= kMaxModelRank) return {};
  return refuse("ADM-SHAPE", "a node of the model makes a tensor of too many dimensions",
                describe(node) + ": " + std::to_string(count));
}

Result<void> check_sizes(const ScannedNode& node, const Shape& shape) {
  if (std::ranges::any_of(shape, [](std::int64_t dimension) { return dimension < 0; }))
    return refuse("ADM-SHAPE", "a node of the model makes a tensor of negative size",
                  describe(node) + " makes " + describe_shape(shape));
  if (count_elements(shape, Negative::refused)) return {};
  return refuse("ADM-MEMORY", "a node of the model makes an impossibly large tensor",
                describe(node) + " makes " + describe_shape(shape));
}

}  // namespace

Result<Value> result_of(const ScannedNode& node, const Scope& scope) {
  Value result;
  if (!node.domain.empty()) return result;
  const std::string_view name = node.operator_name;
  if (name == "Constant") return constant(node);
  VEDETTE_CHECK(check_rank(node, scope));
  result.type.element = type_of(input(node, scope, 0)).element;
  if (name == "ConstantOfShape") {
    result.type = constant_of_shape_type(node);
    result.type.shape = constant_of_shape(node, scope);
  } else if (name == "Expand") {
    result.type.shape = expand(node, scope);
  } else if (name == "Tile") {
    result.type.shape = tile(node, scope);
  } else if (name == "Resize" || name == "Upsample") {
    result.type.shape = resize(node, scope);
  } else if (name == "Range") {
    result.type.shape = range(node, scope);
  } else {
    return Value{};
  }
  if (result.type.shape) VEDETTE_CHECK(check_sizes(node, *result.type.shape));
  return result;
}

Result<std::uint64_t> octets_at_least(const ValueType& type) {
  if (!type.shape) return std::uint64_t{0};
  VEDETTE_TRY(const std::uint64_t count, count_elements(*type.shape, Negative::counts_as_one));
  return type.element == nullptr ? count : octets_of(*type.element, count);
}

}  // namespace vedette::inference::admission
