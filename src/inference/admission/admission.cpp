#include "inference/admission/admission.h"

#include <algorithm>
#include <set>

#include "inference/admission/allow_list.h"
#include "inference/admission/graph_scan.h"
#include "inference/admission/interface.h"
#include "inference/admission/message.h"

namespace vedette::inference {
namespace {

using namespace admission;

constexpr std::int64_t kOldestIr = 3;   // the first with operator set imports
constexpr std::int64_t kNewestIr = 13;  // of November 2025: UINT2, INT2

// What ModelProto says beside its graph.
struct Header {
  std::int64_t ir_version = 0;
  std::vector<OpsetImport> imports;
  std::optional<ByteView> graph;
  std::set<std::string_view> metadata;
};

Result<void> add_import(ByteView bytes, const AdmissionLimits& limits, Header& header) {
  OpsetImport import;
  MessageReader reader(bytes, kOperatorSet);
  while (!reader.done()) {
    VEDETTE_TRY(const WireField field, reader.next());
    if (field.number == 1) import.domain = normalised_domain(as_text(field.bytes));
    if (field.number == 2) import.version = static_cast<std::int64_t>(field.value);
  }
  if (header.imports.size() == limits.opset_imports)
    return refuse("ADM-LIMIT", "the model imports too many operator sets",
                  "at most " + std::to_string(limits.opset_imports));
  if (std::ranges::find(header.imports, import.domain, &OpsetImport::domain) !=
      header.imports.end())
    return refuse("ADM-DOMAIN", "the model imports one domain twice", "'" + import.domain + "'");
  if (import.version < 1 || (import.domain.empty() && import.version > limits.opset_version))
    return refuse("ADM-LIMIT", "the model uses operators of a version that is not allowed",
                  "domain '" + import.domain + "', version " + std::to_string(import.version) +
                      "; of ai.onnx 1 to " + std::to_string(limits.opset_version) + " are allowed",
                  "export the model with an older operator set");
  header.imports.push_back(std::move(import));
  return {};
}

// With ORT_LOAD_CONFIG_FROM_MODEL in its environment, ONNX Runtime takes session options from here.
Result<void> add_metadata(ByteView bytes, Header& header) {
  std::string_view key;
  MessageReader reader(bytes, kStringPair);
  while (!reader.done()) {
    VEDETTE_TRY(const WireField field, reader.next());
    if (field.number == 1) key = as_text(field.bytes);
  }
  if (key == "ort_config")
    return refuse("ADM-CONFIG", "the model carries settings for the runtime", "metadata ort_config",
                  "remove that metadata entry; the sandbox's profile decides");
  if (header.metadata.size() == 1024)
    return refuse("ADM-LIMIT", "the model has too many metadata entries", "at most 1024");
  if (!header.metadata.insert(key).second)
    return refuse("ADM-NAME", "two metadata entries of the model have one key", std::string(key));
  return {};
}

Result<void> read_field(const WireField& field, const AdmissionLimits& limits, Header& header) {
  switch (field.number) {
    case 1:
      header.ir_version = static_cast<std::int64_t>(field.value);
      return {};
    case 7:
      header.graph = field.bytes;
      return {};
    case 8:
      return add_import(field.bytes, limits, header);
    case 14:
      return add_metadata(field.bytes, header);
    case 20:
      return refuse("ADM-TRAINING", "the model carries training information", {},
                    "export it for inference");
    case 25:
      return refuse("ADM-FUNCTION", "the model carries functions of its own", {},
                    "inline them (onnx.inliner.inline_local_functions)");
    default:
      return {};
  }
}

Result<Header> read_header(ByteView model, const AdmissionLimits& limits) {
  Header header;
  MessageReader reader(model, kModel);
  while (!reader.done()) {
    VEDETTE_TRY(const WireField field, reader.next());
    VEDETTE_CHECK(read_field(field, limits, header));
  }
  if (header.ir_version < kOldestIr || header.ir_version > kNewestIr)
    return refuse("ADM-FORMAT", "the model is of an ONNX version that we do not know",
                  "IR version " + std::to_string(header.ir_version) + ", known are " +
                      std::to_string(kOldestIr) + " to " + std::to_string(kNewestIr));
  if (!header.graph || header.imports.empty())
    return refuse("ADM-SYNTAX", "the model has no graph, or imports no operators", {},
                  "the file may be cut short");
  std::ranges::sort(header.imports);
  return header;
}

Result<void> check_format(ByteView model, const AdmissionRules& rules) {
  if (model.size() > rules.limits.model_octets)
    return refuse("ADM-LIMIT", "the model's file is too large",
                  std::to_string(model.size()) + " octets, at most " +
                      std::to_string(rules.limits.model_octets));
  switch (format_of(model)) {
    case FoundFormat::onnx:
      return {};
    case FoundFormat::ort:
      return refuse("ADM-FORMAT", "the model is in ONNX Runtime's own format, not in ONNX", "ORTM",
                    "publish the ONNX file; only that can be judged");
    case FoundFormat::unknown:
      break;
  }
  return refuse("ADM-FORMAT", "the file is no ONNX model", {},
                "an ONNX model is a protobuf file; other formats must be converted first");
}

}  // namespace

Result<ModelFacts> admit_onnx(ByteView model, const AdmissionRules& rules) {
  VEDETTE_CHECK(check_format(model, rules));
  VEDETTE_TRY(Header header, read_header(model, rules.limits));
  const AllowList allowed(rules);
  GraphScanner scanner(rules, allowed, header.imports);
  VEDETTE_TRY(const GraphFacts graph, scanner.scan(*header.graph));

  ModelFacts facts;
  VEDETTE_TRY(facts.inputs, interface_of(graph.inputs, rules.inputs));
  VEDETTE_TRY(facts.outputs, interface_of(graph.outputs, rules.outputs));
  const Tally& tally = scanner.tally();
  facts.ir_version = header.ir_version;
  facts.opsets = std::move(header.imports);
  for (const auto& [id, count] : tally.operators)
    facts.operators.push_back({{std::string(id.first), std::string(id.second)}, count});
  facts.nodes = tally.nodes;
  facts.tensors = tally.tensors;
  facts.tensor_octets = tally.tensor_octets;
  facts.graph_depth = tally.deepest;
  facts.estimated_memory = model.size() + tally.tensor_octets + octets_of_interface(facts.inputs) +
                           std::max(octets_of_interface(facts.outputs), tally.largest_intermediate);
  if (facts.estimated_memory >= rules.memory_octets)
    return refuse("ADM-MEMORY", "the model needs more memory than is allowed",
                  "at least " + std::to_string(facts.estimated_memory) +
                      " octets, the ceiling is " + std::to_string(rules.memory_octets),
                  "raise inference.memory_mib, or publish a smaller model");
  return facts;
}

}  // namespace vedette::inference
