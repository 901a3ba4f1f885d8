// The models of model_tree.h by shards. Internal to release/.
#pragma once

#include <span>
#include <vector>

#include "base/error.h"
#include "release/model_folder.h"
#include "release/model_tree.h"

namespace vedette::release {

// The shards of every file found, none of an empty one. Refuses OMS-SIZE beyond 100,000 of them,
// and what Hasher::hash_part refuses.
[[nodiscard]] Result<std::vector<Resource>> hash_all_shards(const ModelFolder& folder,
                                                            std::span<const FoundFile> files,
                                                            std::uint64_t shard_size,
                                                            const HashOptions& options);

// That each listed file is as large as its shards say and each shard has its digest, and that no
// other file is there but an empty one, which no shard could name. Refuses OMS-UNLISTED,
// OMS-MISSING, OMS-DIGEST and what Hasher::hash_part refuses.
[[nodiscard]] Result<void> compare_all_shards(const ModelFolder& folder,
                                              std::span<const FoundFile> found,
                                              const Manifest& manifest, const HashOptions& options);

}  // namespace vedette::release
