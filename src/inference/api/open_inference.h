// Open Inference Protocol v2 with its binary tensor data extension: octets in, tensors out, and
// back. Pure and bounded.
//
// https://github.com/kserve/open-inference-protocol (specification/protocol), and Triton's
// docs/protocol/extension_binary_data.md. Requests are hostile bytes. Strings (BYTES) do not cross
// the cage and are refused; FP16 has no JSON form, so it crosses as binary data only.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "inference/tensor.h"

namespace vedette::inference {

// The header that says how many octets of a body are JSON; binary tensors follow them.
inline constexpr std::string_view kJsonLengthHeader = "Inference-Header-Content-Length";

struct InferLimits {
  std::size_t max_json_bytes = std::size_t{8} << 20U;
  std::size_t max_values = 1'000'000;  // JSON values in one body
};

enum class OutputForm : std::uint8_t { json, binary };

struct WantedOutput {
  std::string name;
  OutputForm form = OutputForm::json;
};

// Move-only: its inputs look into the body it was read from, which must outlive it, and into what
// was decoded from JSON. Nothing may be assumed of the alignment of their octets.
struct InferRequest {
  InferRequest() = default;
  InferRequest(InferRequest&&) noexcept = default;
  InferRequest& operator=(InferRequest&&) noexcept = default;
  InferRequest(const InferRequest&) = delete;
  InferRequest& operator=(const InferRequest&) = delete;
  ~InferRequest() = default;

  std::string id;                  // as the caller sent it, at most 128 octets; empty when absent
  std::vector<TensorView> inputs;  // 1 to kMaxTensors, names unique, each passes check_tensor
  std::vector<WantedOutput> outputs;  // in the caller's order, names unique; empty means all
  OutputForm default_form = OutputForm::json;        // of outputs when none are named
  std::optional<std::chrono::microseconds> timeout;  // above 0; the caller's patience
  std::uint32_t priority = 0;                        // 0: none given; 1 is the most urgent
  std::vector<Bytes> decoded;                        // owns what came as JSON
};

struct InferResponse {
  std::string model_name;
  std::string model_version;  // left out when empty
  std::string id;             // left out when empty
  std::vector<Tensor> outputs;
  std::vector<OutputForm> forms;  // one for each output; one that is missing is JSON
};

struct RenderedResponse {
  Bytes body;
  // How many octets of it are JSON, when binary tensors follow; to be sent as kJsonLengthHeader
  // with the type application/octet-stream. None: the whole body is JSON.
  std::optional<std::size_t> json_bytes;
};

// The value of kJsonLengthHeader: decimal digits alone. Refuses OIP-BINARY.
[[nodiscard]] Result<std::size_t> parse_json_length(std::string_view value);

// Reads an infer request. `json_bytes` is what kJsonLengthHeader said; without it the whole body is
// JSON. An input has either `data`, flat or nested exactly as `shape` says, or the parameter
// `binary_data_size`, which must be what datatype and shape say; the binary data lie behind the
// JSON in the order of the inputs, and are exactly the rest of the body.
//
// Of the parameters, `binary_data_output`, `priority`, `timeout` (microseconds), `binary_data_size`
// and `binary_data` have their meaning; `sequence_*`, `shared_memory_*` and `classification` would
// change what is asked and are refused; others are ignored.
//
// Refuses JSON-* (codec/json.h), OIP-REQUEST (a member is missing, unknown or of the wrong kind),
// OIP-PARAMETER, OIP-DATATYPE, OIP-SHAPE (shape and data disagree), OIP-BINARY (lengths disagree)
// and OIP-VALUE (a value that the type does not have). UINT64 values above 2^63-1 are refused in
// JSON: JSON-NUMBER.
[[nodiscard]] Result<InferRequest> parse_infer_request(ByteView body,
                                                       std::optional<std::size_t> json_bytes,
                                                       const InferLimits& limits = {});

// The deadline of this call: the caller's timeout may shorten `most`, and never lengthens it. At
// least a millisecond.
[[nodiscard]] std::chrono::milliseconds deadline_of(const InferRequest& request,
                                                    std::chrono::milliseconds most);

// The outputs that the request named, in its order; all of them if it named none. Refuses
// OIP-OUTPUT for a name that the model did not answer.
[[nodiscard]] Result<std::vector<Tensor>> select_outputs(std::vector<Tensor> outputs,
                                                         std::span<const WantedOutput> wanted);
// The forms of `count` outputs that select_outputs() returned for this request.
[[nodiscard]] std::vector<OutputForm> forms_of(const InferRequest& request, std::size_t count);

// Refuses, of outputs in JSON form, OIP-DATATYPE (FP16) and OIP-NOT-FINITE (NaN and infinities).
[[nodiscard]] Result<RenderedResponse> render_infer_response(const InferResponse& response);

// GET v2/models/{name}
[[nodiscard]] std::string render_model_metadata(std::string_view name,
                                                const std::vector<std::string>& versions,
                                                std::string_view platform,
                                                const ModelMetadata& metadata);
// GET v2
[[nodiscard]] std::string render_server_metadata(std::string_view name, std::string_view version,
                                                 const std::vector<std::string>& extensions);
// POST v2/repository/index
struct IndexEntry {
  std::string name;
  std::string version;
  bool ready = false;
  std::string reason;  // why it is not ready; may be empty
};
[[nodiscard]] std::string render_repository_index(std::span<const IndexEntry> entries);
// `{"error": "CODE: sentence (cause); hint"}`, the body of every answer that is not 200.
[[nodiscard]] std::string render_error(const Error& error);

}  // namespace vedette::inference
