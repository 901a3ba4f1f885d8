// A small network that is really trained, and really trained further: what deltas are measured on.
//
// Deterministic on one machine. 256 inputs, two hidden layers of 640, ten classes: 0.6 million
// weights, by Adam, towards a random teacher; then further towards a teacher that has moved.
#pragma once

#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace vedette::bench {

struct Layer {
  std::size_t inputs = 0;
  std::size_t outputs = 0;
  std::vector<float> weights;  // of one output after the other
};
using Network = std::vector<Layer>;

enum class Tuning { head_only, light, mid, heavy };
enum class Precision { fp32, bf16, int8 };

[[nodiscard]] std::string_view to_string(Tuning tuning);
[[nodiscard]] std::string_view to_string(Precision precision);

// Trained from random weights.
[[nodiscard]] Network trained_network();
// Trained further: light is 20 steps at a rate of 1e-6, mid 40 at 1e-5, heavy 60 at 5e-4, head only
// 40 at 1e-4 of the last layer alone.
[[nodiscard]] Network tuned(const Network& base, Tuning tuning);

// The network as an ONNX file. bf16 is rounded to the nearest, int8 has one scale for each layer,
// by its largest weight.
[[nodiscard]] Bytes onnx_of(const Network& network, Precision precision);

}  // namespace vedette::bench
