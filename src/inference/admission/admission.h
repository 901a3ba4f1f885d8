// Admission: what a model is, read from its bytes before any runtime sees them.
//
// ONNX Runtime infers shapes, folds constants and resolves external data while it loads, long
// before a caller could object. So the model's protobuf is read here first, by a parser of our own
// that is strict (one reading of each octet, or none), bounded (sizes, counts, depths) and cheap:
// weights are measured, not read, and nothing of the model is copied but names.
//
// An admitted model may still be slow (a Loop has no judged length) or wrong; the cage's deadline
// and memory limit are there for that. docs/admission.md lists what is checked and what is not.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "inference/tensor.h"

namespace vedette::inference {

struct OperatorId {
  std::string domain;  // "" is ai.onnx; that spelling is understood too
  std::string name;

  friend auto operator<=>(const OperatorId&, const OperatorId&) = default;
};

// Bounds of the whole model, subgraphs included.
struct AdmissionLimits {
  std::size_t nodes = 20'000;
  std::size_t initializers = 20'000;
  std::size_t attributes = 100'000;
  std::size_t values = 200'000;  // inputs, outputs and declarations of graphs and nodes
  std::size_t opset_imports = 16;
  std::size_t graph_depth = 8;      // the main graph is the first; bodies of If, Loop, Scan follow
  std::int64_t opset_version = 21;  // of ai.onnx: the newest that the built-in list was made for
  std::uint64_t model_octets = 0x7FFF'FFFF;  // protobuf can address no more
};

struct AdmissionRules {
  // What the release's contract allows; none: the built-in list of standard operators.
  std::optional<std::vector<OperatorId>> operators;
  AdmissionLimits limits;
  // The estimate must stay below; see ModelFacts::estimated_memory.
  std::uint64_t memory_octets = std::uint64_t{512} << 20U;
  // What the contract declares. The model must have exactly these, in any order: names, types and
  // shapes; -1 stands for any dimension, a fixed one must be fixed in the model too.
  std::optional<std::vector<TensorInfo>> inputs;
  std::optional<std::vector<TensorInfo>> outputs;
};

struct OpsetImport {
  std::string domain;
  std::int64_t version = 0;

  friend auto operator<=>(const OpsetImport&, const OpsetImport&) = default;
};

struct OperatorUse {
  OperatorId id;
  std::uint64_t count = 0;

  friend auto operator<=>(const OperatorUse&, const OperatorUse&) = default;
};

struct ModelFacts {
  std::int64_t ir_version = 0;
  std::vector<OpsetImport> opsets;     // sorted
  std::vector<OperatorUse> operators;  // sorted; subgraphs included
  std::uint64_t nodes = 0;             // subgraphs included
  std::uint64_t tensors = 0;           // stored ones: initializers and those in attributes
  std::uint64_t tensor_octets = 0;     // of these, unpacked
  std::size_t graph_depth = 0;         // 1: no subgraphs
  std::vector<TensorInfo> inputs;      // without those that an initializer fills
  std::vector<TensorInfo> outputs;     // in the model's order; -1: not fixed
  // Octets, a lower bound: the file, the copy that the runtime makes of each stored tensor, the
  // inputs of one call, and its outputs or the largest single value in between, whichever is more:
  // as far as they are declared or follow from constants. Unknown dimensions count as 1.
  std::uint64_t estimated_memory = 0;
};

// Reads and judges an ONNX model. Refuses:
//   ADM-FORMAT    not ONNX, or of an IR version that we do not know
//   ADM-SYNTAX    not well-formed, or readable in two ways
//   ADM-LIMIT     larger than AdmissionLimits or the constants of inference/admission allow
//   ADM-OPERATOR  an operator that is not allowed: the cause names it, the hint the way out
//   ADM-DOMAIN    a domain from which nothing is allowed, or which is not imported, or twice
//   ADM-EXTERNAL  data outside of the file, anywhere
//   ADM-SHAPE     a tensor that does not fit its shape, type or declaration
//   ADM-SPARSE    a sparse tensor
//   ADM-TRAINING  training information
//   ADM-FUNCTION  model-local functions
//   ADM-NAME      bad names; two values of one name; a use before its definition
//   ADM-CONFIG    settings for the runtime inside the model
//   ADM-IO        inputs or outputs that cannot cross the cage, or are not what was declared
//   ADM-MEMORY    an estimate at or above the ceiling
[[nodiscard]] Result<ModelFacts> admit_onnx(ByteView model, const AdmissionRules& rules);

enum class FoundFormat : std::uint8_t { unknown, onnx, ort };

// By the first octets alone. What could be both is ort: the runtime looks for that first.
[[nodiscard]] FoundFormat format_of(ByteView model);

// Lets a model in ONNX Runtime's own format pass *unscanned*: nothing of the above is known of it.
// Only for models that were converted from an admitted one by somebody who is trusted. Refuses
// ADM-FORMAT (not that format, or its root is outside of it) and ADM-MEMORY (larger than
// `memory_octets`).
[[nodiscard]] Result<void> insecure_admit_unscanned_ort(ByteView model,
                                                        std::uint64_t memory_octets);

}  // namespace vedette::inference
