// For tests: a model of one piece under test, and the code of its refusal.
#pragma once

#include <string>
#include <string_view>

#include "inference/admission/admission.h"
#include "testing/onnx_writer.h"

namespace vedette::inference {

// "" if the model is admitted.
inline std::string refusal_of(ByteView model, const AdmissionRules& rules = {}) {
  const auto facts = admit_onnx(model, rules);
  return facts.has_value() ? "" : facts.error().code;
}

// y = Identity(x) over FP32[n], with further fields of GraphProto before and ModelProto behind.
inline Bytes identity_with(std::string_view graph, std::string_view rest = {}) {
  using namespace testing::onnx;
  const Message whole = Message(graph) + add_node(node("Identity", {"x"}, {"y"})) +
                        add_input(value_info("x", kFloat, {-1})) +
                        add_output(value_info("y", kFloat, {-1}));
  return model(whole, rest);
}

// The same with an initializer more.
inline Bytes identity_with_tensor(std::string_view tensor) {
  return identity_with(testing::onnx::add_initializer(tensor));
}

}  // namespace vedette::inference
