#include "release/model_shards.h"

#include <algorithm>
#include <map>
#include <string_view>

#include <sys/stat.h>

#include "release/hash_pool.h"
#include "release/oms_shards.h"

namespace vedette::release {
namespace {

// What each file is like before the first of its shards is read.
using FileStates = std::map<std::string, struct stat, std::less<>>;

std::uint64_t size_in(const struct stat& state) {
  return static_cast<std::uint64_t>(state.st_size);
}

Result<FileStates> states_of(const ModelFolder& folder, std::span<const FoundFile> files) {
  FileStates states;
  for (const FoundFile& file : files) {
    VEDETTE_TRY(const struct stat state, content_state(folder, file.name));
    states.emplace(file.name, state);
  }
  return states;
}

Result<void> check_count(const FileStates& states, std::uint64_t shard_size) {
  std::uint64_t count = 0;
  for (const auto& [name, state] : states) {
    count += shard_count(size_in(state), shard_size);
    if (count > kMaxResources)
      return refuse("OMS-SIZE", "the model has too many shards",
                    "more than 100000 of " + std::to_string(shard_size) + " octets",
                    "make the shards larger");
  }
  return {};
}

// In the files' order, and each file's own.
std::vector<Shard> shards_of(const FileStates& states, std::uint64_t shard_size) {
  std::vector<Shard> shards;
  for (const auto& [name, state] : states)
    for (std::uint64_t at = 0; at < size_in(state);) {
      const std::uint64_t end = at + std::min(shard_size, size_in(state) - at);
      shards.push_back({.file = name, .begin = at, .end = end});
      at = end;
    }
  return shards;
}

std::uint64_t octets_in(const FileStates& states) {
  std::uint64_t total = 0;
  for (const auto& [name, state] : states)
    total += size_in(state);
  return total;
}

Result<crypto::Sha256Digest> hash_shard(Hasher& hasher, const FileStates& states,
                                        const Shard& shard) {
  const auto& [name, state] = *states.find(shard.file);
  return hasher.hash_part(name, state, shard.begin, shard.end);
}

Result<void> check_size(const ShardedFile& file, const struct stat& state) {
  if (size_in(state) == file.size) return {};
  return refuse("OMS-DIGEST", "a file of the model is not the one that was signed",
                file.name + ": signed " + std::to_string(file.size) + " octets, found " +
                    std::to_string(size_in(state)));
}

Result<FileStates> listed_states(const ModelFolder& folder,
                                 const std::vector<ShardedFile>& listed) {
  FileStates states;
  for (const ShardedFile& file : listed) {
    VEDETTE_TRY(const struct stat state, content_state(folder, file.name));
    VEDETTE_CHECK(check_size(file, state));
    states.emplace(file.name, state);
  }
  return states;
}

Result<void> check_nothing_unlisted(std::span<const ShardedFile> listed,
                                    std::span<const FoundFile> found) {
  std::vector<std::string_view> names;
  for (const ShardedFile& file : listed)
    names.emplace_back(file.name);
  std::ranges::sort(names);
  for (const FoundFile& file : found)
    if (file.size != 0 && !std::ranges::binary_search(names, std::string_view(file.name)))
      return refuse("OMS-UNLISTED", "the model has a file that was not signed", file.name,
                    "remove it, or sign the model again");
  return {};
}

}  // namespace

Result<std::vector<Resource>> hash_all_shards(const ModelFolder& folder,
                                              std::span<const FoundFile> files,
                                              std::uint64_t shard_size,
                                              const HashOptions& options) {
  VEDETTE_TRY(const FileStates states, states_of(folder, files));
  VEDETTE_CHECK(check_count(states, shard_size));
  const std::vector<Shard> shards = shards_of(states, shard_size);
  std::vector<Resource> resources(shards.size());
  VEDETTE_CHECK(HashPool(folder, options, octets_in(states))
                    .run(shards.size(), [&](Hasher& hasher, std::size_t i) -> Result<void> {
                      resources[i].name = to_string(shards[i]);
                      VEDETTE_TRY(resources[i].sha256, hash_shard(hasher, states, shards[i]));
                      return {};
                    }));
  return resources;
}

Result<void> compare_all_shards(const ModelFolder& folder, std::span<const FoundFile> found,
                                const Manifest& manifest, const HashOptions& options) {
  const std::vector<ShardedFile> listed = sharded_files(manifest.resources);
  VEDETTE_CHECK(check_nothing_unlisted(listed, found));
  VEDETTE_TRY(const FileStates states, listed_states(folder, listed));
  return HashPool(folder, options, octets_in(states))
      .run(manifest.resources.size(), [&](Hasher& hasher, std::size_t i) -> Result<void> {
        const Resource& resource = manifest.resources[i];
        const auto shard = parse_shard(resource.name);
        if (!shard) return refuse("OMS-NAME", "a resource is no shard", resource.name);
        VEDETTE_TRY(const crypto::Sha256Digest actual, hash_shard(hasher, states, *shard));
        if (actual == resource.sha256) return {};
        return refuse(
            "OMS-DIGEST", "a file of the model is not the one that was signed",
            resource.name + ": signed " + to_hex(resource.sha256) + ", found " + to_hex(actual));
      });
}

}  // namespace vedette::release
