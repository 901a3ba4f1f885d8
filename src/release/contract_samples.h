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
  contract.valid_from = from_unix_seconds(1'795'438'387);
  contract.valid_until = from_unix_seconds(1'826'974'387);
  contract.regions = {"eu-central", "eu-west"};
  contract.golden = {
      {.tolerance = 0.001,
       .inputs = {{.name = "audio", .datatype = "FP32", .shape = {1, 2}, .values = {0.5, -1}}},
       .outputs = {{.name = "speech", .datatype = "FP32", .shape = {1, 1}, .values = {0.25}}}}};
  contract.distributions = {{.output = "speech",
                             .edges = {0.25, 0.75},
                             .shares = {0.5, 0.125, 0.375},
                             .window = 500,
                             .tolerance = 0.25,
                             .on_drift = OnDrift::stop}};
  return contract;
}

}  // namespace vedette::release::samples
