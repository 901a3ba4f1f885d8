// Open Inference Protocol v2, JSON form: texts in, tensors out, and back. Pure and bounded.
//
// https://github.com/kserve/open-inference-protocol (specification/protocol/inference_rest.md).
// Requests are hostile bytes. FP16 has no JSON form and is refused (OIP-DATATYPE), as are strings
// (BYTES), which do not cross the cage.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "inference/tensor.h"

namespace vedette::inference {

struct InferLimits {
  std::size_t max_body_bytes = std::size_t{8} << 20U;
  std::size_t max_values = 1'000'000;  // JSON values in one body
};

struct InferRequest {
  std::string id;                    // as the caller sent it, at most 128 octets; empty when absent
  std::vector<Tensor> inputs;        // 1 to kMaxTensors, names unique, each passes check_tensor
  std::vector<std::string> outputs;  // wanted ones, unique; empty means all
};

struct InferResponse {
  std::string model_name;
  std::string model_version;  // left out when empty
  std::string id;             // left out when empty
  std::vector<Tensor> outputs;
};

// Reads an infer request. `data` may be flat or nested exactly as `shape` says. `parameters` are
// accepted at the three places of the specification and ignored.
// Refuses JSON-* (codec/json.h), OIP-REQUEST (a member is missing, unknown or of the wrong kind),
// OIP-DATATYPE, OIP-SHAPE (shape and data disagree) and OIP-VALUE (a number that the type cannot
// hold). UINT64 values above 2^63-1 are refused: JSON-NUMBER.
[[nodiscard]] Result<InferRequest> parse_infer_request(std::string_view body,
                                                       const InferLimits& limits = {});

// The outputs that the request named, in its order; all of them if it named none. Refuses
// OIP-OUTPUT for a name that the model did not answer.
[[nodiscard]] Result<std::vector<Tensor>> select_outputs(std::vector<Tensor> outputs,
                                                         const std::vector<std::string>& wanted);

// Refuses OIP-DATATYPE (FP16) and OIP-NOT-FINITE (NaN and infinities have no JSON form).
[[nodiscard]] Result<std::string> render_infer_response(const InferResponse& response);

// GET v2/models/{name}
[[nodiscard]] std::string render_model_metadata(std::string_view name,
                                                const std::vector<std::string>& versions,
                                                std::string_view platform,
                                                const ModelMetadata& metadata);
// GET v2
[[nodiscard]] std::string render_server_metadata(std::string_view name, std::string_view version,
                                                 const std::vector<std::string>& extensions);
// `{"error": "CODE: sentence (cause); hint"}`, the body of every answer that is not 200.
[[nodiscard]] std::string render_error(const Error& error);

}  // namespace vedette::inference
