// Where the output file of the power OutputFilePower lies in a cage's root.
#pragma once

namespace vedette::inference {

inline constexpr const char* kOutputFolder = "/output";
inline constexpr const char* kOutputFile = "/output/model";

}  // namespace vedette::inference
