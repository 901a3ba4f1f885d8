// The messages of ONNX, as tables, and the reader that holds a message to its table.
//
// The tables are those of onnx.proto at IR version 13, without what a model for inference does not
// need (multi-device placement, deprecated fields). Whatever a table does not name is refused: an
// unknown field may be known to the runtime.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "inference/admission/wire.h"

namespace vedette::inference::admission {

enum class FieldKind : std::uint8_t {
  int64,     // one varint
  int32,     // one varint of 0 to 2^31 - 1: parsers cut longer ones, each to its taste
  float32,   // one fixed32
  message,   // octets
  blob,      // octets
  text,      // octets: UTF-8 of at most kMaxText
  name,      // octets: UTF-8 of at most kMaxName, no control characters
  varints,   // varints one by one, or packed
  fixed32s,  // fixed32 one by one, or packed
  fixed64s,  // fixed64 one by one, or packed
};

inline constexpr std::size_t kMaxName = 512;        // octets
inline constexpr std::size_t kMaxText = 64 * 1024;  // octets

struct FieldRule {
  std::uint32_t number;
  FieldKind kind;
  bool repeated;
};

struct MessageRule {
  std::string_view name;
  std::span<const FieldRule> fields;  // at most 64
};

extern const MessageRule kModel;
extern const MessageRule kGraph;
extern const MessageRule kNode;
extern const MessageRule kAttribute;
extern const MessageRule kTensor;
extern const MessageRule kSparseTensor;
extern const MessageRule kValueInfo;
extern const MessageRule kType;
extern const MessageRule kTensorType;   // TypeProto.Tensor and TypeProto.SparseTensor
extern const MessageRule kElementType;  // TypeProto.Sequence and TypeProto.Optional
extern const MessageRule kMapType;
extern const MessageRule kShape;
extern const MessageRule kDimension;
extern const MessageRule kOperatorSet;
extern const MessageRule kStringPair;
extern const MessageRule kAnnotation;

class MessageReader {
 public:
  MessageReader(ByteView bytes, const MessageRule& rule) : wire_(bytes, rule.name), rule_(rule) {}

  [[nodiscard]] bool done() const { return wire_.done(); }
  // The next field, known, of the right wire type and not a second one of its kind. Refuses
  // ADM-SYNTAX, ADM-NAME and ADM-LIMIT.
  [[nodiscard]] Result<WireField> next();

 private:
  WireReader wire_;
  const MessageRule& rule_;
  std::uint64_t seen_ = 0;  // a bit for each row of the table
};

// A StringStringEntryProto, checked only: the runtime's own parser reads it too.
[[nodiscard]] Result<void> check_string_pair(ByteView bytes);

// How many numbers a field of kind varints, fixed32s or fixed64s holds. Refuses ADM-SYNTAX.
[[nodiscard]] Result<std::uint64_t> count_numbers(const WireField& field, FieldKind kind);

// Appends the numbers of a field of kind varints. Refuses ADM-SYNTAX, and ADM-LIMIT when `to` would
// hold more than `max`.
[[nodiscard]] Result<void> append_integers(const WireField& field, std::size_t max,
                                           std::vector<std::int64_t>& to);

}  // namespace vedette::inference::admission
