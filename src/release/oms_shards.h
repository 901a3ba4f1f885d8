// Shards: a manifest's resources when its files were hashed in parts of one size (OMS v1.0, method
// `shards`). Internal to release/.
//
// An empty file has no shard, so that no such manifest says whether it belongs to the model.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "release/oms_manifest.h"

namespace vedette::release {

// The octets of `file` from `begin` to before `end`.
struct Shard {
  std::string_view file;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;

  friend bool operator==(const Shard&, const Shard&) = default;
};

// `file:begin:end`
[[nodiscard]] std::string to_string(const Shard& shard);

// Borrows from `name`. None unless it is what to_string writes: one form of each number, begin
// before end, end at most 2^53 - 1. Whether the file's name is a path is not asked.
[[nodiscard]] std::optional<Shard> parse_shard(std::string_view name);

// A shard's hash as every implementation names it: `sha256-sharded-SIZE`.
[[nodiscard]] std::string shard_algorithm(std::uint64_t shard_size);

// How many shards a file of that many octets has.
[[nodiscard]] std::uint64_t shard_count(std::uint64_t file_size, std::uint64_t shard_size);

// Refuses OMS-NAME for what names no shard of a file below the model's folder, a file's name with a
// colon included; OMS-SHARD unless each file is covered from its first octet on by shards of
// `shard_size` octets, only its last one smaller, without gap and without overlap; and a size
// outside of 1 to kMaxShardBytes.
[[nodiscard]] Result<void> check_shards(std::span<const Resource> resources,
                                        std::uint64_t shard_size);

// A file and its size, in the order in which the manifest names its files first; of a manifest that
// check_shards let pass.
struct ShardedFile {
  std::string name;
  std::uint64_t size = 0;
};
[[nodiscard]] std::vector<ShardedFile> sharded_files(std::span<const Resource> resources);

}  // namespace vedette::release
