// StateFile: a JSON document on the device's disk whose damage is noticed.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "codec/json.h"

namespace vedette::agent {

// The document and, in a line before it, its SHA-256: a flipped bit or a lost end is damage, not
// another document. It is not a defence against who owns the device.
// Durable when it returns. Refuses FILE-*, and AGT-STATE-SIZE for what read_state_file would
// refuse.
[[nodiscard]] Result<void> write_state_file(const std::string& path, const codec::Json& document,
                                            std::size_t max_bytes);

// None when there is no file. Refuses FILE-* and AGT-STATE (damaged, with what is wrong as cause).
[[nodiscard]] Result<std::optional<codec::Json>> read_state_file(const std::string& path,
                                                                 std::size_t max_bytes);

}  // namespace vedette::agent
