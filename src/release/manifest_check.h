// What building and reading a manifest have in common. Internal to release/.
#pragma once

#include <span>

#include "base/error.h"
#include "release/oms_manifest.h"

namespace vedette::release {

// SHA-256 over the concatenated digests, in listed order (OMS v1.0).
[[nodiscard]] crypto::Sha256Digest root_of(std::span<const Resource> resources);

// Everything but the root: names, uniqueness, bounds.
[[nodiscard]] Result<void> check_manifest(const Manifest& manifest);

}  // namespace vedette::release
