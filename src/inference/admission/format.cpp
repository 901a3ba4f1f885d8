#include <algorithm>

#include "inference/admission/admission.h"
#include "inference/admission/message.h"

namespace vedette::inference {
namespace {

using namespace admission;

constexpr std::string_view kOrtIdentifier = "ORTM";  // file_identifier of ort.fbs
constexpr std::size_t kIdentifierAt = 4;             // a FlatBuffer has it behind its root offset

}  // namespace

FoundFormat format_of(ByteView model) {
  if (model.size() >= kIdentifierAt + kOrtIdentifier.size() &&
      as_text(model.subspan(kIdentifierAt, kOrtIdentifier.size())) == kOrtIdentifier)
    return FoundFormat::ort;
  // What every ONNX file begins with: a number or octets, of a field that ModelProto knows.
  const auto key = WireReader(model, kModel.name).varint();
  if (!key) return FoundFormat::unknown;
  const bool known =
      std::ranges::find(kModel.fields, *key >> 3U, &FieldRule::number) != kModel.fields.end();
  const std::uint64_t type = *key & 7U;
  return known && (type == 0 || type == 2) ? FoundFormat::onnx : FoundFormat::unknown;
}

Result<void> insecure_admit_unscanned_ort(ByteView model, std::uint64_t memory_octets) {
  if (format_of(model) != FoundFormat::ort)
    return refuse("ADM-FORMAT", "the file is not in ONNX Runtime's own format");
  const std::uint64_t root = std::uint64_t{model[0]} | std::uint64_t{model[1]} << 8U |
                             std::uint64_t{model[2]} << 16U | std::uint64_t{model[3]} << 24U;
  if (root < kIdentifierAt + kOrtIdentifier.size() || root + 4 > model.size())
    return refuse("ADM-FORMAT", "the file is not in ONNX Runtime's own format",
                  "its root lies outside");
  if (model.size() >= memory_octets)
    return refuse(
        "ADM-MEMORY", "the model needs more memory than is allowed",
        std::to_string(model.size()) + " octets, the ceiling is " + std::to_string(memory_octets));
  return {};
}

}  // namespace vedette::inference
