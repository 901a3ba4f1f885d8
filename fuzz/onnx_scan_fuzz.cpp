// The scanner in front of the runtime, and what it says of a model that it admits.
#include <cstdlib>

#include "inference/admission/admission.h"

namespace {

using namespace vedette::inference;

// Under the built-in list, and under one that reaches the checks of packed weights.
AdmissionRules packed_weights() {
  AdmissionRules rules;
  rules.operators.emplace({OperatorId{"com.microsoft", "MatMulNBits"}, OperatorId{"", "Identity"}});
  return rules;
}

void scan(vedette::ByteView model, const AdmissionRules& rules) {
  const auto facts = admit_onnx(model, rules);
  if (!facts) return;
  if (facts->estimated_memory >= rules.memory_octets || facts->nodes > model.size() ||
      facts->graph_depth == 0 || facts->graph_depth > rules.limits.graph_depth)
    std::abort();
  for (const TensorInfo& input : facts->inputs)
    if (!is_tensor_name(input.name) || element_size(input.type) == 0) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const AdmissionRules packed = packed_weights();
  scan({data, size}, {});
  scan({data, size}, packed);
  return 0;
}
