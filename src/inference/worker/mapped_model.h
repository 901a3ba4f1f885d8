// The sealed model as read-only memory of the worker.
#pragma once

#include "base/bytes.h"
#include "base/error.h"

namespace vedette::inference {

// Maps the model behind `fd` for reading, for as long as the process lives; no byte of it is read
// here. Refuses SBX-MODEL-UNSEALED and SBX-MODEL-EMPTY (see model_memory.h), SBX-MODEL-MEMORY.
[[nodiscard]] Result<ByteView> map_sealed_model(int fd);

}  // namespace vedette::inference
