// Which file of a model a runtime reads, by its name.
#pragma once

#include <string_view>

namespace vedette::release {

// Case does not count, and a name is more than its ending.
[[nodiscard]] bool is_ort_file(std::string_view name);
[[nodiscard]] bool is_model_file(std::string_view name);  // .onnx or .ort

}  // namespace vedette::release
