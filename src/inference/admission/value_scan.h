// Types and declarations of values: TypeProto and ValueInfoProto.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "inference/admission/element.h"
#include "inference/admission/message.h"

namespace vedette::inference::admission {

// What is known about a value. A dimension of -1 is not known.
struct ValueType {
  const Element* element = nullptr;  // nullptr: no dense tensor, or nothing is known
  std::optional<std::vector<std::int64_t>> shape;
};

struct ValueInfo {
  std::string_view name;
  bool typed = false;
  ValueType type;
};

// Refuses, besides what MessageReader refuses: ADM-SHAPE (see count_elements(); an unknown element
// type), ADM-LIMIT (types nested deeper than kMaxTypeDepth), ADM-SYNTAX (two types or two sizes at
// once).
[[nodiscard]] Result<ValueInfo> scan_value_info(ByteView bytes);
// The same, of a TypeProto. Sequences, maps, optionals and sparse tensors are scanned, and yield
// nothing known.
[[nodiscard]] Result<ValueType> scan_type(ByteView bytes);

inline constexpr unsigned kMaxTypeDepth = 4;

// Refuses ADM-SHAPE when two things said about one value cannot both be true.
[[nodiscard]] Result<void> check_agreement(std::string_view name, const ValueType& left,
                                           const ValueType& right);

}  // namespace vedette::inference::admission
