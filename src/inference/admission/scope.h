// Which values a node can see: those of its graph that came before, and those of the graphs around.
#pragma once

#include <map>
#include <string_view>

#include "inference/admission/tensor_scan.h"
#include "inference/admission/value_scan.h"

namespace vedette::inference::admission {

struct Value {
  ValueType type;
  // The few numbers of a stored INT64 or FLOAT tensor; empty otherwise.
  std::vector<std::int64_t> integers;
  std::vector<float> floats;
  bool constant = false;  // stored in the model: type is exact

  static Value of(const ScannedTensor& tensor) {
    return {{tensor.element, tensor.shape}, tensor.integers, tensor.floats, true};
  }
};

class Scope {
 public:
  // `outer` must outlive the scope; nullptr for the main graph.
  explicit Scope(const Scope* outer) : outer_(outer) {}

  [[nodiscard]] const Value* find_here(std::string_view name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? nullptr : &found->second;
  }
  [[nodiscard]] const Value* find(std::string_view name) const {
    const Value* const here = find_here(name);
    return here != nullptr || outer_ == nullptr ? here : outer_->find(name);
  }

  // Refuses ADM-NAME: an empty name, or one that can be seen already. Names may not even be hidden:
  // two parsers could mean two values by one.
  [[nodiscard]] Result<void> define(std::string_view name, Value value) {
    if (name.empty()) return refuse("ADM-NAME", "a value of the model has no name");
    if (find(name) != nullptr)
      return refuse("ADM-NAME", "two values of the model have one name", std::string(name));
    values_.emplace(name, std::move(value));
    return {};
  }

 private:
  const Scope* outer_;
  std::map<std::string_view, Value> values_;  // no hashing: names are the attacker's choice
};

}  // namespace vedette::inference::admission
