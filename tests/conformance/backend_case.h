// One case of ONNX's backend test data: a model, and inputs with the outputs that they must give.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "inference/tensor.h"

namespace vedette::testing {

struct DataSet {
  std::vector<inference::Tensor> inputs;  // in the order in which the model declares them
  std::vector<inference::Tensor> outputs;
};

struct BackendCase {
  std::string name;  // its folder's
  std::string folder;
  Bytes model;
  bool random = false;     // its outputs are drawn: only their types and shapes are defined
  bool transform = false;  // a Fourier transform: errors are relative to the largest value
};

// The cases below `folder`, by name; none when it is not there. Folders without a model (they name
// a download) are left out. Refuses FILE-* and ONNX-SYNTAX.
[[nodiscard]] Result<std::vector<BackendCase>> backend_cases(const std::string& folder);

// All test_data_set_* of a case. Refuses FILE-*, ONNX-SYNTAX, ONNX-TYPE, and ONNX-EMPTY when there
// is none, or one without outputs.
[[nodiscard]] Result<std::vector<DataSet>> data_sets(const BackendCase& which);

}  // namespace vedette::testing
