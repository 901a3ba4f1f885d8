// A GraphProto with everything inside of it.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "inference/admission/admission.h"
#include "inference/admission/allow_list.h"
#include "inference/admission/scope.h"

namespace vedette::inference::admission {

// What is counted over all graphs of one model.
struct Tally {
  std::size_t nodes = 0;
  std::size_t initializers = 0;
  std::size_t attributes = 0;
  std::size_t values = 0;
  std::uint64_t tensors = 0;
  std::uint64_t tensor_octets = 0;
  std::uint64_t largest_intermediate = 0;  // octets; of a value that a node makes
  std::size_t deepest = 0;
  std::map<std::pair<std::string_view, std::string_view>, std::uint64_t> operators;
};

struct GraphFacts {
  std::vector<ValueInfo> inputs;  // without those that an initializer fills
  std::vector<ValueInfo> outputs;
};

class GraphScanner {
 public:
  // Everything must outlive the scanner.
  GraphScanner(const AdmissionRules& rules, const AllowList& allowed,
               std::span<const OpsetImport> imports)
      : rules_(rules), allowed_(allowed), imports_(imports) {}

  // The main graph. Its names point into `bytes`. Refuses what admit_onnx() does of graphs.
  [[nodiscard]] Result<GraphFacts> scan(ByteView bytes) { return scan_graph(bytes, nullptr, 1); }

  [[nodiscard]] const Tally& tally() const { return tally_; }

 private:
  struct Parts;

  // Recursion is bounded by AdmissionLimits::graph_depth.
  Result<GraphFacts> scan_graph(ByteView bytes, const Scope* outer, std::size_t depth);
  Result<Parts> split(ByteView bytes);
  Result<void> add_initializer(ByteView bytes, Scope& scope);
  Result<void> add_inputs(const Parts& parts, Scope& scope, GraphFacts& facts);
  Result<void> check_declared(const Parts& parts, const Scope& scope);
  Result<void> add_node(ByteView bytes, const Parts& parts, Scope& scope, std::size_t depth);
  Result<void> scan_attributes(const ScannedNode& node, const Scope& scope, std::size_t depth);
  Result<void> add_outputs(const ScannedNode& node, const Parts& parts, Scope& scope);
  Result<void> count_tensor(const ScannedTensor& tensor);
  Result<void> count_intermediate(const ValueType& type, std::string_view name);
  // Refuses ADM-MEMORY.
  Result<std::uint64_t> octets_of_value(const ValueType& type, std::string_view name) const;

  const AdmissionRules& rules_;
  const AllowList& allowed_;
  std::span<const OpsetImport> imports_;
  Tally tally_;
};

}  // namespace vedette::inference::admission
