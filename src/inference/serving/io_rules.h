// I/O rules: what a release's runtime contract admits into its model, and out of it. Pure.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "inference/tensor.h"

namespace vedette::inference::serving {

struct TensorRule {
  std::string name;
  DataType type = DataType::fp32;
  std::vector<std::int64_t> shape = {};          // -1: any length
  std::optional<double> minimum = std::nullopt;  // of every element; a NaN is out of every range
  std::optional<double> maximum = std::nullopt;
  bool finite_only = false;  // no NaN, no infinity
  bool required = true;

  friend bool operator==(const TensorRule&, const TensorRule&) = default;
};

struct IoRules {
  std::vector<TensorRule> inputs;   // at most kMaxTensors
  std::vector<TensorRule> outputs;  // at most kMaxTensors

  friend bool operator==(const IoRules&, const IoRules&) = default;
};

// The rules that a model's own declaration amounts to: names, types and shapes.
[[nodiscard]] IoRules rules_from(const ModelMetadata& metadata);

// Refuses IO-RULES when the rules themselves are no rules: a name or shape that cannot be, a name
// twice, too many tensors, a minimum above its maximum or a bound that is NaN.
[[nodiscard]] Result<void> check_rules(const IoRules& rules);

// The request's side; the caller is at fault. Refuses IO-MISSING (a required input), IO-UNKNOWN (an
// input without a rule, or given twice), IO-TYPE, IO-SHAPE (also when the bytes do not fit the
// shape), IO-RANGE, IO-NOT-FINITE. Allocates nothing when it admits.
[[nodiscard]] Result<void> check_request(const IoRules& rules, std::span<const TensorView> inputs);

// The answer's side; the model is at fault. Refuses IO-OUTPUT; the cause has the code and the words
// of the rule that was broken.
[[nodiscard]] Result<void> check_answer(const IoRules& rules, std::span<const Tensor> outputs);

// Which outputs a caller may see.
class OutputView {
 public:
  static OutputView everything() { return OutputView{std::nullopt}; }
  static OutputView only(std::vector<std::string> names) { return OutputView{std::move(names)}; }

  [[nodiscard]] bool shows(std::string_view name) const;
  // Drops what is not shown. For answers that check_answer has admitted: a caller's view must not
  // hide a broken contract.
  [[nodiscard]] std::vector<Tensor> filter(std::vector<Tensor> outputs) const;

 private:
  explicit OutputView(std::optional<std::vector<std::string>> names) : names_(std::move(names)) {}

  std::optional<std::vector<std::string>> names_;
};

}  // namespace vedette::inference::serving
