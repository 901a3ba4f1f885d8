#include "inference/serving/io_rules.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "inference/serving/element_check.h"

namespace vedette::inference::serving {

namespace {

static_assert(kMaxTensors <= 64, "a set of rules is kept in the bits of one word");

bool fits(std::span<const std::int64_t> rule, std::span<const std::int64_t> shape) {
  return std::ranges::equal(rule, shape, [](std::int64_t declared, std::int64_t given) {
    return declared == -1 || declared == given;
  });
}

std::string at_element(const TensorRule& rule, std::size_t index) {
  return rule.name + ", element " + std::to_string(index);
}

Result<void> check_shape(const TensorRule& rule, DataType type, std::span<const std::int64_t> shape,
                         ByteView data) {
  const auto refused = [&] {
    return refuse("IO-SHAPE", "a tensor's shape is not as the contract says",
                  rule.name + ": " + describe(type, shape) + " with " +
                      std::to_string(data.size()) + " bytes, must be " +
                      describe(rule.type, rule.shape));
  };
  if (!fits(rule.shape, shape)) return refused();
  const auto size = byte_size(type, shape);
  if (!size || *size != data.size()) return refused();
  return {};
}

Result<void> check_elements(const TensorRule& rule, ByteView data) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (rule.finite_only)
    if (const auto index = first_not_finite(rule.type, data))
      return refuse("IO-NOT-FINITE", "a tensor holds a NaN or an infinity",
                    at_element(rule, *index));
  if (rule.minimum || rule.maximum) {
    const ElementRange range{.minimum = rule.minimum.value_or(-kInfinity),
                             .maximum = rule.maximum.value_or(kInfinity)};
    if (const auto index = first_out_of_range(rule.type, data, range))
      return refuse("IO-RANGE", "a tensor holds a value out of the contract's range",
                    at_element(rule, *index));
  }
  if (rule.type == DataType::boolean)
    if (const auto index = first_out_of_range(rule.type, data, {.minimum = 0, .maximum = 1}))
      return refuse("IO-RANGE", "a boolean is neither 0 nor 1", at_element(rule, *index));
  return {};
}

// One word of marks instead of a set: which rules have their tensor.
Result<void> check_missing(std::span<const TensorRule> rules, std::uint64_t met) {
  for (std::size_t i = 0; i < rules.size(); ++i)
    if (rules[i].required && (met >> i & 1U) == 0)
      return refuse("IO-MISSING", "a tensor that the contract requires is missing", rules[i].name);
  return {};
}

template <class AnyTensor>
Result<void> check_tensors(std::span<const TensorRule> rules, std::span<const AnyTensor> tensors) {
  std::uint64_t met = 0;
  for (const AnyTensor& tensor : tensors) {
    const auto rule = std::ranges::find(rules, tensor.name, &TensorRule::name);
    if (rule == rules.end())
      return refuse("IO-UNKNOWN", "the contract knows no such tensor",
                    tensor.name.substr(0, kMaxTensorName));
    const std::uint64_t mark = std::uint64_t{1} << static_cast<unsigned>(rule - rules.begin());
    if ((met & mark) != 0) return refuse("IO-UNKNOWN", "a tensor is given twice", tensor.name);
    met |= mark;
    if (tensor.type != rule->type)
      return refuse("IO-TYPE", "a tensor's type is not as the contract says",
                    tensor.name + ": " + std::string(name_of(tensor.type)) + ", must be " +
                        std::string(name_of(rule->type)));
    VEDETTE_CHECK(check_shape(*rule, tensor.type, tensor.shape, tensor.data));
    VEDETTE_CHECK(check_elements(*rule, tensor.data));
  }
  return check_missing(rules, met);
}

Result<void> check_rule(const TensorRule& rule) {
  const auto wrong = [&](std::string_view why) {
    return refuse("IO-RULES", "the contract's rule for a tensor makes no sense",
                  rule.name.substr(0, kMaxTensorName) + ": " + std::string(why));
  };
  if (!is_tensor_name(rule.name)) return wrong("its name");
  if (element_size(rule.type) == 0) return wrong("its type");
  if (rule.shape.size() > kMaxRank ||
      std::ranges::any_of(rule.shape, [](std::int64_t length) { return length < -1; }))
    return wrong("its shape");
  const double low = rule.minimum.value_or(0), high = rule.maximum.value_or(0);
  if (std::isnan(low) || std::isnan(high)) return wrong("a bound is no number");
  if (rule.minimum && rule.maximum && low > high) return wrong("its minimum is above its maximum");
  return {};
}

Result<void> check_side(std::span<const TensorRule> rules) {
  if (rules.size() > kMaxTensors)
    return refuse("IO-RULES", "the contract has too many tensors", std::to_string(rules.size()));
  for (auto rule = rules.begin(); rule != rules.end(); ++rule) {
    VEDETTE_CHECK(check_rule(*rule));
    if (std::ranges::find(rules.begin(), rule, rule->name, &TensorRule::name) != rule)
      return refuse("IO-RULES", "the contract has two rules for a tensor", rule->name);
  }
  return {};
}

}  // namespace

IoRules rules_from(const ModelMetadata& metadata) {
  const auto side = [](std::span<const TensorInfo> tensors) {
    std::vector<TensorRule> rules;
    rules.reserve(tensors.size());
    for (const TensorInfo& info : tensors)
      rules.push_back({.name = info.name, .type = info.type, .shape = info.shape});
    return rules;
  };
  return {.inputs = side(metadata.inputs), .outputs = side(metadata.outputs)};
}

Result<void> check_rules(const IoRules& rules) {
  VEDETTE_CHECK(check_side(rules.inputs));
  return check_side(rules.outputs);
}

Result<void> check_request(const IoRules& rules, std::span<const TensorView> inputs) {
  return check_tensors(std::span<const TensorRule>(rules.inputs), inputs);
}

Result<void> check_answer(const IoRules& rules, std::span<const Tensor> outputs) {
  auto checked = check_tensors(std::span<const TensorRule>(rules.outputs), outputs);
  if (!checked)
    return refuse("IO-OUTPUT", "the model's answer breaks its contract", describe(checked.error()),
                  "the answer was withheld; report it to the model's publisher");
  return {};
}

bool OutputView::shows(std::string_view name) const {
  return !names_ || std::ranges::find(*names_, name) != names_->end();
}

std::vector<Tensor> OutputView::filter(std::vector<Tensor> outputs) const {
  std::erase_if(outputs, [this](const Tensor& output) { return !shows(output.name); });
  return outputs;
}

}  // namespace vedette::inference::serving
