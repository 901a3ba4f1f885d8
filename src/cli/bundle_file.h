// The bundle of a model on disk: where it lies, and what of the model it is not.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"

namespace vedette::cli {

// `asked`, or where a bundle lies by default: MODEL.sig beside a file, MODEL/model.sig in a folder.
[[nodiscard]] std::string bundle_path(const std::string& model, const std::string& asked);

// The bundle's own path within the model's folder, which is no part of the model; nothing when it
// lies elsewhere.
[[nodiscard]] std::vector<std::string> bundle_within(const std::string& model,
                                                     const std::string& bundle);

// Refuses FILE-*, with the hint to sign first.
[[nodiscard]] Result<std::string> read_bundle(const std::string& path);

}  // namespace vedette::cli
