// A NodeProto with its attributes, before anything is known about the graph around it.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "inference/admission/tensor_scan.h"

namespace vedette::inference::admission {

inline constexpr std::size_t kMaxNodeValues = 4096;    // inputs, and outputs, of one node
inline constexpr std::size_t kMaxAttributes = 64;      // of one node
inline constexpr std::size_t kMaxAttributeParts = 64;  // tensors, and graphs, of one attribute

struct ScannedAttribute {
  std::string_view name;
  std::optional<std::int64_t> integer;
  std::uint64_t integer_count = 0;
  std::vector<std::int64_t> integers;  // all of them, if at most kMaxModelRank
  std::vector<ScannedTensor> tensors;  // of `t` and `tensors`
  std::vector<ByteView> graphs;        // of `g` and `graphs`, not scanned yet
};

struct ScannedNode {
  std::string_view name;  // may be empty
  std::string_view operator_name;
  std::string_view domain;                // "" for ai.onnx, however it was written
  std::vector<std::string_view> inputs;   // "" for one that is left out
  std::vector<std::string_view> outputs;  // the same
  std::vector<ScannedAttribute> attributes;

  [[nodiscard]] const ScannedAttribute* attribute(std::string_view wanted) const;
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view wanted) const;
};

// Refuses, besides what MessageReader and scan_tensor() refuse:
//   ADM-SYNTAX    an attribute that holds another thing than it says, or two; a reference to an
//                 attribute of a function
//   ADM-NAME      no operator, an attribute without a name, two attributes of one name
//   ADM-FUNCTION  a node that chooses among overloaded functions
//   ADM-SPARSE    a sparse tensor
//   ADM-LIMIT     more than the constants above
[[nodiscard]] Result<ScannedNode> scan_node(ByteView bytes);

// "" for both spellings of the standard operators' domain.
[[nodiscard]] std::string_view normalised_domain(std::string_view domain);

// `Add of node 'sum'`, for messages.
[[nodiscard]] std::string describe(const ScannedNode& node);

}  // namespace vedette::inference::admission
