// The part of metadata.h that targets need. For the sources of this folder only.
#pragma once

#include "codec/json.h"
#include "release/tuf/metadata.h"

namespace vedette::release::tuf {

[[nodiscard]] Result<Targets> read_targets(const codec::Json& json);

}  // namespace vedette::release::tuf
