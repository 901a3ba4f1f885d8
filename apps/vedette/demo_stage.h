// The demo's stage built of real parts: swtpm, ESYS, child processes, TLS.
#pragma once

#include <memory>

#include "cli/demo/stage.h"

namespace vedette {

// `http` outlives the stage.
[[nodiscard]] std::unique_ptr<cli::demo::Stage> make_demo_stage(platform::HttpFactory& http);

}  // namespace vedette
