// A contract that uses every member, for tests.
#pragma once

#include "release/runtime_contract.h"

namespace vedette::release::samples {

inline RuntimeContract full_contract() {
  RuntimeContract contract;
  contract.memory_bytes = std::uint64_t{512} << 20U;
  contract.replicas = 2;
  contract.input_isolation = true;
  contract.operators = {{"", "Conv"}, {"ai.onnx.ml", "Scaler"}};
  TensorRule input{.name = "audio", .datatype = "FP32", .shape = {1, -1}};
  input.minimum = -1.0;
  input.maximum = 1.5;
  contract.inputs = {input};
  OutputRule output;
  output.name = "speech";
  output.datatype = "FP32";
  output.shape = {1, 1};
  output.minimum = 0.0;
  output.finite_only = false;
  output.visible_to = {"operator", "svc_voice"};
  contract.outputs = {output};
  contract.rate = RateLimit{.calls_per_second = 50, .burst = 10};
  contract.batching = Batching{.max_batch = 8, .max_delay_us = 500};
  contract.powers = {Threads{4}, DeviceNode{"/dev/dri/renderD128"}};
  return contract;
}

}  // namespace vedette::release::samples
