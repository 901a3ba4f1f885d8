// What bench/release measures, each in a folder of its own.
#pragma once

#include <string>

#include "base/error.h"

#include "../report.h"

namespace vedette::bench {

[[nodiscard]] Result<void> measure_hashing(Report& report, const std::string& folder);
[[nodiscard]] Result<void> measure_download(Report& report, const std::string& folder);
[[nodiscard]] Result<void> measure_deltas(Report& report, const std::string& folder);

}  // namespace vedette::bench
