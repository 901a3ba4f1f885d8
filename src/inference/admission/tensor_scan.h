// A TensorProto, held against its own shape. Weights are counted, not read.
#pragma once

#include <string_view>
#include <vector>

#include "inference/admission/element.h"
#include "inference/admission/message.h"

namespace vedette::inference::admission {

struct ScannedTensor {
  std::string_view name;  // may be empty
  const Element* element = nullptr;
  std::vector<std::int64_t> shape;
  std::uint64_t count = 0;   // of elements
  std::uint64_t octets = 0;  // in the runtime's memory
  // The elements themselves of an INT64 tensor, or of a FLOAT one, of at most kMaxModelRank
  // elements: these steer shapes.
  std::vector<std::int64_t> integers;
  std::vector<float> floats;
};

// Refuses, besides what MessageReader refuses:
//   ADM-EXTERNAL  any entry of external_data, or a data_location that is not DEFAULT
//   ADM-SHAPE     an unknown type; a shape that count_elements() refuses; a segment; data that are
//                 missing, too many or too few, of two kinds, or in a field for another type
[[nodiscard]] Result<ScannedTensor> scan_tensor(ByteView bytes);

// Looks into a SparseTensorProto for external data, and then refuses it: ADM-SPARSE.
[[nodiscard]] Error refusal_of_sparse_tensor(ByteView bytes);

}  // namespace vedette::inference::admission
